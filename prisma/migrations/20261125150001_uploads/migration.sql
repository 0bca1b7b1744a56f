-- CreateEnum
CREATE TYPE "AttachmentState" AS ENUM ('RECEIVING', 'READY');

-- CreateEnum
CREATE TYPE "ThumbnailState" AS ENUM ('PENDING', 'READY', 'NONE');

-- CreateTable
CREATE TABLE "attachments" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "created_by_kind" "ParticipantKind" NOT NULL,
    "created_by_id" UUID NOT NULL,
    "file_name" TEXT NOT NULL,
    "mime_type" TEXT NOT NULL,
    "byte_size" INTEGER NOT NULL DEFAULT 0,
    "sha256" TEXT NOT NULL DEFAULT '',
    "width" INTEGER,
    "height" INTEGER,
    "state" "AttachmentState" NOT NULL DEFAULT 'RECEIVING',
    "thumbnail" "ThumbnailState" NOT NULL DEFAULT 'PENDING',
    "storage_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "attachments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attachment_uses" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "attachment_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,

    CONSTRAINT "attachment_uses_pkey" PRIMARY KEY ("attachment_id","message_id")
);

-- CreateTable
CREATE TABLE "attachment_copies" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "attachment_id" UUID NOT NULL,
    "account" TEXT NOT NULL,
    "uri" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "attachment_copies_pkey" PRIMARY KEY ("attachment_id","account")
);

-- CreateIndex
CREATE INDEX "attachments_expires_at_idx" ON "attachments"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "attachments_org_id_id_key" ON "attachments"("org_id", "id");

-- CreateIndex
CREATE INDEX "attachment_uses_org_id_conversation_id_idx" ON "attachment_uses"("org_id", "conversation_id");

-- AddForeignKey
ALTER TABLE "attachment_uses" ADD CONSTRAINT "attachment_uses_org_id_attachment_id_fkey" FOREIGN KEY ("org_id", "attachment_id") REFERENCES "attachments"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment_uses" ADD CONSTRAINT "attachment_uses_org_id_conversation_id_fkey" FOREIGN KEY ("org_id", "conversation_id") REFERENCES "conversations"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment_copies" ADD CONSTRAINT "attachment_copies_org_id_attachment_id_fkey" FOREIGN KEY ("org_id", "attachment_id") REFERENCES "attachments"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;


SELECT parley_protect('attachments');
SELECT parley_protect('attachment_uses');
SELECT parley_protect('attachment_copies');
