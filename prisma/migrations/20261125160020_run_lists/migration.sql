-- DropIndex
DROP INDEX "runs_org_id_conversation_id_queued_at_idx";

-- CreateIndex
CREATE INDEX "runs_org_id_conversation_id_id_idx" ON "runs"("org_id", "conversation_id", "id");

-- CreateIndex
CREATE INDEX "runs_org_id_agent_id_id_idx" ON "runs"("org_id", "agent_id", "id");

-- CreateIndex
CREATE INDEX "runs_org_id_state_id_idx" ON "runs"("org_id", "state", "id");
