-- CreateIndex
CREATE INDEX "steps_org_id_agent_id_kind_started_at_idx" ON "steps"("org_id", "agent_id", "kind", "started_at");
