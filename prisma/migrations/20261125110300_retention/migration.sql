-- CreateTable
CREATE TABLE "retention_policies" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "messages_days" INTEGER,
    "updated_by_id" UUID NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "retention_policies_pkey" PRIMARY KEY ("org_id")
);

-- CreateIndex
CREATE INDEX "messages_org_id_created_at_idx" ON "messages"("org_id", "created_at");

SELECT parley_protect('retention_policies');
