-- AlterTable
ALTER TABLE "call_budgets" ADD COLUMN     "slots_taken" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "deployments" ADD COLUMN     "trace_parent" TEXT;

-- CreateTable
CREATE TABLE "worker_reports" (
    "name" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "report" JSONB NOT NULL,

    CONSTRAINT "worker_reports_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "tallies" (
    "name" TEXT NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_id" UUID NOT NULL,
    "totals" JSONB NOT NULL,

    CONSTRAINT "tallies_pkey" PRIMARY KEY ("name")
);

-- Ends in their order: where the counters of /metrics go on, instead of counting the whole table.
CREATE INDEX "deployments_ended_order" ON "deployments" ("ended_at", "id") WHERE "ended_at" IS NOT NULL;
