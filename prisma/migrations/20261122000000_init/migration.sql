-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "projects" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "targets" (
    "id" UUID NOT NULL,
    "project_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "function_name" TEXT NOT NULL,
    "alias_name" TEXT NOT NULL,
    "policy" TEXT NOT NULL DEFAULT 'queue',
    "settings" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "targets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifacts" (
    "id" UUID NOT NULL,
    "project_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "sha256" TEXT,
    "size_bytes" BIGINT NOT NULL DEFAULT 0,
    "storage" JSONB NOT NULL DEFAULT '{}',
    "completed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifacts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifact_chunks" (
    "artifact_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "artifact_chunks_pkey" PRIMARY KEY ("artifact_id","position")
);

-- CreateTable
CREATE TABLE "deployments" (
    "id" UUID NOT NULL,
    "project_id" TEXT NOT NULL,
    "target_id" UUID NOT NULL,
    "artifact_id" UUID,
    "kind" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "state" JSONB NOT NULL,
    "request" JSONB NOT NULL DEFAULT '{}',
    "requested_by" TEXT NOT NULL,
    "stable_version" TEXT,
    "canary_version" TEXT,
    "rollback_version" TEXT,
    "revision_id" TEXT,
    "weight_percent" DECIMAL(6,3) NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "evidence" JSONB,
    "last_hash" TEXT NOT NULL,
    "reconciled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "deployments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "events" (
    "deployment_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "project_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "events_pkey" PRIMARY KEY ("deployment_id","seq")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "project_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "deployment_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("project_id","key")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "project_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "scopes" TEXT[],
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "function_locks" (
    "account_id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "function_name" TEXT NOT NULL,
    "deployment_id" UUID NOT NULL,
    "taken_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "function_locks_pkey" PRIMARY KEY ("account_id","region","function_name")
);

-- CreateTable
CREATE TABLE "call_budgets" (
    "account_id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "next_slot" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "call_budgets_pkey" PRIMARY KEY ("account_id","region","lane")
);

-- CreateTable
CREATE TABLE "versions" (
    "account_id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "function_name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "deployment_id" UUID NOT NULL,
    "origin" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "versions_pkey" PRIMARY KEY ("account_id","region","function_name","version")
);

-- CreateTable
CREATE TABLE "queries" (
    "id" UUID NOT NULL,
    "project_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "result" JSONB,
    "answered_at" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "queries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "targets_project_id_name_key" ON "targets"("project_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "targets_project_id_account_id_region_function_name_alias_na_key" ON "targets"("project_id", "account_id", "region", "function_name", "alias_name");

-- CreateIndex
CREATE UNIQUE INDEX "artifacts_project_id_kind_sha256_key" ON "artifacts"("project_id", "kind", "sha256");

-- CreateIndex
CREATE INDEX "deployments_project_id_created_at_id_idx" ON "deployments"("project_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "deployments_target_id_created_at_id_idx" ON "deployments"("target_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_prefix_key" ON "api_keys"("prefix");

-- CreateIndex
CREATE INDEX "function_locks_deployment_id_idx" ON "function_locks"("deployment_id");

-- CreateIndex
CREATE INDEX "queries_kind_created_at_idx" ON "queries"("kind", "created_at");

-- AddForeignKey
ALTER TABLE "targets" ADD CONSTRAINT "targets_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_chunks" ADD CONSTRAINT "artifact_chunks_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifacts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_target_id_fkey" FOREIGN KEY ("target_id") REFERENCES "targets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifacts"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the schema language cannot say.

-- One active deployment per target: active means neither ended nor queued.
CREATE UNIQUE INDEX "deployments_one_active" ON "deployments" ("target_id")
  WHERE "phase" NOT IN ('queued', 'succeeded', 'rolled_back', 'failed', 'cancelled', 'superseded', 'target_gone');

-- What is due, in order: a row without next_at can only be woken by a person.
CREATE INDEX "deployments_due" ON "deployments" ("next_at") WHERE "next_at" IS NOT NULL;

-- The rollback lane's short poll touches nothing but rollbacks.
CREATE INDEX "deployments_rolling_back" ON "deployments" ("next_at") WHERE "phase" = 'rolling_back';

-- The line before a busy target, oldest first.
CREATE INDEX "deployments_queued" ON "deployments" ("target_id", "created_at", "id") WHERE "phase" = 'queued';

-- Live canaries, for the reconciler.
CREATE INDEX "deployments_live" ON "deployments" ("reconciled_at") WHERE "phase" IN ('baking', 'gated', 'paused');

ALTER TABLE "deployments" ADD CONSTRAINT "deployments_weight" CHECK ("weight_percent" BETWEEN 0 AND 100);
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_ended" CHECK (
  ("ended_at" IS NOT NULL) = ("phase" IN ('succeeded', 'rolled_back', 'failed', 'cancelled', 'superseded', 'target_gone')));
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_never_latest" CHECK (
  "canary_version" <> '$LATEST' AND "stable_version" <> '$LATEST' AND "rollback_version" <> '$LATEST');

-- History is append-only.
CREATE FUNCTION "sluice_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are append-only';
END $$;
CREATE TRIGGER "events_append_only" BEFORE UPDATE ON "events" FOR EACH ROW EXECUTE FUNCTION "sluice_refuse_change"();

INSERT INTO "projects" ("id", "name") VALUES ('default', 'default');
