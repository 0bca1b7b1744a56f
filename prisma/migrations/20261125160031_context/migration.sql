-- CreateTable
CREATE TABLE "context_summaries" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "conversation_id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "up_to_message_id" UUID NOT NULL,
    "up_to_position" BIGINT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "covers_from" TIMESTAMPTZ(3) NOT NULL,
    "message_count" INTEGER NOT NULL,
    "folded_tokens" INTEGER NOT NULL,
    "tokens" INTEGER NOT NULL,
    "model" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "context_summaries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "context_summaries_org_id_conversation_id_id_idx" ON "context_summaries"("org_id", "conversation_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "context_summaries_conversation_id_agent_id_up_to_position_f_key" ON "context_summaries"("conversation_id", "agent_id", "up_to_position", "fingerprint");

-- AddForeignKey
ALTER TABLE "context_summaries" ADD CONSTRAINT "context_summaries_org_id_conversation_id_fkey" FOREIGN KEY ("org_id", "conversation_id") REFERENCES "conversations"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Tells one state of what a room shows, up to a place in it, from every other.
CREATE FUNCTION parley_room_fingerprint(org uuid, room uuid, place bigint) RETURNS text
  LANGUAGE sql STABLE
  AS $$
    SELECT md5(coalesce(string_agg(m.id::text, ',' ORDER BY m.position), ''))
    FROM messages m LEFT JOIN runs r ON r.id = m.run_id
    WHERE m.org_id = org AND m.conversation_id = room AND m.position <= place AND m.is_shown
      AND m.status <> 'STREAMING' AND r.rolled_back_at IS NULL
  $$;

SELECT parley_protect('context_summaries');

