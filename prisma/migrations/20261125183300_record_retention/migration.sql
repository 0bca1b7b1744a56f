-- CreateTable
CREATE TABLE "record_retentions" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "events_days" INTEGER,
    "audit_days" INTEGER,
    "updated_by_id" UUID NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "record_retentions_pkey" PRIMARY KEY ("org_id")
);

SELECT parley_protect('record_retentions');
