-- What a deployment's probes send; forgotten once they have been sent or the deployment has ended.
CREATE TABLE "probe_payloads" (
    "deployment_id" UUID NOT NULL,
    "payloads" JSONB NOT NULL,

    CONSTRAINT "probe_payloads_pkey" PRIMARY KEY ("deployment_id")
);

-- State changes of CloudWatch alarms that were pushed to us, each once.
CREATE TABLE "alarm_pushes" (
    "id" TEXT NOT NULL,
    "project_id" TEXT,
    "account_id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "alarm_name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alarm_pushes_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "alarm_pushes_account_id_region_alarm_name_received_at_idx" ON "alarm_pushes"("account_id", "region", "alarm_name", "received_at");
CREATE INDEX "alarm_pushes_received_at_idx" ON "alarm_pushes"("received_at");
