-- CreateTable
CREATE TABLE "takeovers" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "conversation_id" UUID NOT NULL,
    "agent_id" UUID,
    "taken_by_id" UUID NOT NULL,
    "taken_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "takeovers_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "takeovers_conversation_id_idx" ON "takeovers"("conversation_id");

-- AddForeignKey
ALTER TABLE "takeovers" ADD CONSTRAINT "takeovers_org_id_conversation_id_fkey" FOREIGN KEY ("org_id", "conversation_id") REFERENCES "conversations"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('takeovers');
