-- CreateEnum
CREATE TYPE "MemoryScope" AS ENUM ('ORG', 'AGENT', 'USER', 'CONVERSATION');

-- CreateEnum
CREATE TYPE "MemoryOperation" AS ENUM ('CREATE', 'APPEND', 'REPLACE', 'WRITE', 'CONFIGURE');

-- CreateTable
CREATE TABLE "memory_blocks" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "scope" "MemoryScope" NOT NULL,
    "subject_id" UUID NOT NULL,
    "label" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "value" TEXT NOT NULL DEFAULT '',
    "character_limit" INTEGER NOT NULL,
    "read_only" BOOLEAN NOT NULL DEFAULT false,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "memory_blocks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "memory_revisions" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "block_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "operation" "MemoryOperation" NOT NULL,
    "author_kind" "ParticipantKind" NOT NULL,
    "author_id" UUID NOT NULL,
    "on_behalf_of_id" UUID,
    "conversation_id" UUID,
    "run_id" UUID,
    "value" TEXT NOT NULL,
    "idempotency_key" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memory_revisions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "memory_blocks_org_id_id_key" ON "memory_blocks"("org_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "memory_blocks_org_id_scope_subject_id_label_key" ON "memory_blocks"("org_id", "scope", "subject_id", "label");

-- CreateIndex
CREATE UNIQUE INDEX "memory_revisions_org_id_block_id_number_key" ON "memory_revisions"("org_id", "block_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "memory_revisions_org_id_idempotency_key_key" ON "memory_revisions"("org_id", "idempotency_key");

-- AddForeignKey
ALTER TABLE "memory_revisions" ADD CONSTRAINT "memory_revisions_org_id_block_id_fkey" FOREIGN KEY ("org_id", "block_id") REFERENCES "memory_blocks"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('memory_blocks');
SELECT parley_protect('memory_revisions');

-- What was written is not rewritten. It goes when its block goes, by the foreign key.
REVOKE UPDATE, DELETE ON "memory_revisions" FROM parley_app, parley_worker;
