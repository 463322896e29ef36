-- A deployment that cannot be advanced for a reason of its own: since when, and why. Cleared by whoever can.
ALTER TABLE "deployments" ADD COLUMN "stuck_since" TIMESTAMPTZ(3), ADD COLUMN "stuck_why" TEXT;

CREATE INDEX "deployments_stuck" ON "deployments" ("stuck_since") WHERE "stuck_since" IS NOT NULL;
