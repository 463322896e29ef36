-- Code in a bucket is pruned in two steps: its row goes, and an object that no row names any more is removed later.

-- CreateTable
CREATE TABLE "pruned_objects" (
    "artifact_id" UUID NOT NULL,
    "bucket" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "remove_at" TIMESTAMPTZ(3) NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,

    CONSTRAINT "pruned_objects_pkey" PRIMARY KEY ("artifact_id")
);

-- CreateIndex
CREATE INDEX "pruned_objects_bucket_remove_at_idx" ON "pruned_objects"("bucket", "remove_at");
