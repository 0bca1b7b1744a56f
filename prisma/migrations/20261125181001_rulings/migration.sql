-- CreateEnum
CREATE TYPE "ConversationPriority" AS ENUM ('LOW', 'NORMAL', 'HIGH', 'URGENT');

-- AlterTable
ALTER TABLE "conversations" ADD COLUMN     "ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "ended_why" TEXT,
ADD COLUMN     "priority" "ConversationPriority" NOT NULL DEFAULT 'NORMAL',
ADD COLUMN     "tags" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateTable
CREATE TABLE "message_rulings" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "message_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "round" INTEGER NOT NULL,
    "refusal" JSONB,
    "shown_text" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_rulings_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "message_rulings_org_id_message_id_idx" ON "message_rulings"("org_id", "message_id");

-- CreateIndex
CREATE UNIQUE INDEX "message_rulings_run_id_round_key" ON "message_rulings"("run_id", "round");

-- AddForeignKey
ALTER TABLE "message_rulings" ADD CONSTRAINT "message_rulings_org_id_message_id_fkey" FOREIGN KEY ("org_id", "message_id") REFERENCES "messages"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('message_rulings');
