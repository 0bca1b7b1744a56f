-- AlterTable
ALTER TABLE "former_members" ADD COLUMN "erased_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "erasures" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "user_id" UUID NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "erasures_pkey" PRIMARY KEY ("org_id","user_id")
);

-- CreateTable
CREATE TABLE "erased_messages" (
    "message_id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "erased_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "erased_messages_pkey" PRIMARY KEY ("message_id")
);

-- AddForeignKey
ALTER TABLE "erased_messages" ADD CONSTRAINT "erased_messages_org_id_message_id_fkey" FOREIGN KEY ("org_id", "message_id") REFERENCES "messages"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('erasures');
SELECT parley_protect('erased_messages');
