-- CreateTable
CREATE TABLE "conversation_forks" (
    "conversation_id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "source_conversation_id" UUID NOT NULL,
    "source_message_id" UUID NOT NULL,
    "forked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conversation_forks_pkey" PRIMARY KEY ("conversation_id")
);

-- AddForeignKey
ALTER TABLE "conversation_forks" ADD CONSTRAINT "conversation_forks_org_id_conversation_id_fkey" FOREIGN KEY ("org_id", "conversation_id") REFERENCES "conversations"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('conversation_forks');
