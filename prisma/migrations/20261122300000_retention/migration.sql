-- How long things are kept. A history is pruned whole or not at all, and what is pruned leaves a line behind.

-- AlterTable
ALTER TABLE "artifacts" ADD COLUMN     "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateTable
CREATE TABLE "pruned_deployments" (
    "id" UUID NOT NULL,
    "project_id" TEXT NOT NULL,
    "target_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "canary_version" TEXT,
    "rollback_version" TEXT,
    "requested_by" TEXT NOT NULL,
    "events" INTEGER NOT NULL,
    "last_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "pruned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pruned_deployments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "retention" (
    "id" INTEGER NOT NULL,
    "policy" JSONB NOT NULL,
    "deployments" BIGINT NOT NULL DEFAULT 0,
    "events" BIGINT NOT NULL DEFAULT 0,
    "artifacts" BIGINT NOT NULL DEFAULT 0,
    "newest_pruned_at" TIMESTAMPTZ(3),
    "ran_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "retention_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schema_floor" (
    "id" INTEGER NOT NULL,
    "migration" TEXT NOT NULL,

    CONSTRAINT "schema_floor_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "pruned_deployments_target_id_ended_at_idx" ON "pruned_deployments"("target_id", "ended_at" DESC);

-- The newest migration that a release must know to work on this database. A migration that older releases cannot live
-- with sets its own name here; they then refuse to start instead of writing what they no longer understand.
INSERT INTO "schema_floor" ("id", "migration") VALUES (1, '20261122000000_init');

-- What is left of a pruned deployment is true when it is written, and never changed.
CREATE FUNCTION "sluice_check_pruned"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    RAISE EXCEPTION 'what is left of a pruned deployment is never changed';
  END IF;
  PERFORM FROM deployments d WHERE d.id = NEW.id AND d.ended_at IS NOT NULL
    AND d.sequence = NEW.events AND d.last_hash = NEW.last_hash FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'deployment % has not ended: it cannot be pruned', NEW.id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "pruned_deployments_true" BEFORE INSERT OR UPDATE OR DELETE ON "pruned_deployments"
  FOR EACH ROW EXECUTE FUNCTION "sluice_check_pruned"();

-- Events may be deleted only when their deployment's line among the pruned is written ...
CREATE FUNCTION "sluice_check_delete"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' OR NOT EXISTS (SELECT FROM pruned_deployments p WHERE p.id = OLD.deployment_id) THEN
    RAISE EXCEPTION 'events are append-only: they go only with their whole deployment, by the retention policy';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER "events_never_deleted" BEFORE DELETE ON "events" FOR EACH ROW EXECUTE FUNCTION "sluice_check_delete"();
CREATE TRIGGER "events_never_truncated" BEFORE TRUNCATE ON "events"
  FOR EACH STATEMENT EXECUTE FUNCTION "sluice_check_delete"();

-- ... and only together with the deployment itself, which its remaining events would hold: whole or not at all.
CREATE FUNCTION "sluice_check_whole"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM deployments d WHERE d.id = OLD.deployment_id) THEN
    RAISE EXCEPTION 'a history is pruned whole or not at all';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "events_pruned_whole" AFTER DELETE ON "events" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION "sluice_check_whole"();
