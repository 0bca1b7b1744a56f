-- CreateTable
CREATE TABLE "reactions" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "conversation_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "actor_kind" "ParticipantKind" NOT NULL,
    "actor_id" UUID NOT NULL,
    "emoji" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reactions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "reactions_org_id_actor_id_idx" ON "reactions"("org_id", "actor_id");

-- CreateIndex
CREATE UNIQUE INDEX "reactions_message_id_actor_kind_actor_id_emoji_key" ON "reactions"("message_id", "actor_kind", "actor_id", "emoji");

-- CreateIndex
CREATE UNIQUE INDEX IF NOT EXISTS "messages_org_id_id_key" ON "messages"("org_id", "id");

-- AddForeignKey
ALTER TABLE "reactions" ADD CONSTRAINT "reactions_org_id_message_id_fkey" FOREIGN KEY ("org_id", "message_id") REFERENCES "messages"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('reactions');
