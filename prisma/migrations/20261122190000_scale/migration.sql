-- When the reconciler is to compare the row with the real alias next: its turn in its account's own line.
ALTER TABLE "deployments" ADD COLUMN "reconcile_at" TIMESTAMPTZ(3);

-- Which targets share a function's `$LATEST`, whatever their project.
CREATE INDEX "targets_account_id_region_function_name_idx" ON "targets"("account_id", "region", "function_name");

-- Live canaries by their next comparison. The index by their last one served a reconciler that asked for the oldest
-- ones of all accounts together.
CREATE INDEX "deployments_reconcile" ON "deployments" ("reconcile_at") WHERE "phase" IN ('baking', 'gated', 'paused');
DROP INDEX "deployments_live";

-- What waits for a person: counted by every look at the backlog.
CREATE INDEX "deployments_held" ON "deployments" ("target_id") WHERE "phase" IN ('drifted', 'needs_human');
