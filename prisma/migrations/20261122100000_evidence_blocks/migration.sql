-- CreateTable
CREATE TABLE "evidence_blocks" (
    "deployment_id" UUID NOT NULL,
    "start_ms" BIGINT NOT NULL,
    "end_ms" BIGINT NOT NULL,
    "block" JSONB NOT NULL,

    CONSTRAINT "evidence_blocks_pkey" PRIMARY KEY ("deployment_id","start_ms")
);

-- Questions that wait for a worker, oldest first.
CREATE INDEX "queries_open" ON "queries" ("created_at") WHERE "answered_at" IS NULL;
