-- AlterTable
ALTER TABLE "conversations" ADD COLUMN     "branch_id" UUID;

-- AlterTable
ALTER TABLE "messages" ADD COLUMN     "branch_id" UUID,
ADD COLUMN     "is_shown" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "branch_id" UUID;

-- CreateTable
CREATE TABLE "branches" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "conversation_id" UUID NOT NULL,
    "parent_id" UUID,
    "fork_position" BIGINT NOT NULL,
    "origin_id" UUID NOT NULL,
    "first_message_id" UUID NOT NULL,
    "created_by_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "branches_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "branches_first_message_id_key" ON "branches"("first_message_id");

-- CreateIndex
CREATE INDEX "branches_org_id_conversation_id_id_idx" ON "branches"("org_id", "conversation_id", "id");

-- CreateIndex
CREATE INDEX "branches_org_id_origin_id_idx" ON "branches"("org_id", "origin_id");

-- AddForeignKey
ALTER TABLE "branches" ADD CONSTRAINT "branches_org_id_conversation_id_fkey" FOREIGN KEY ("org_id", "conversation_id") REFERENCES "conversations"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('branches');

-- The newest messages of the connection's organization that fit, in rooms that the viewer may read: of
-- several versions, those that are shown. Its owner and who may call it stay as they are.
CREATE OR REPLACE FUNCTION parley_search_messages(
  wanted tsquery, viewer uuid, every_room boolean, room uuid, author uuid, since timestamptz, before timestamptz,
  behind_at timestamptz, behind_id uuid, size integer
) RETURNS TABLE (id uuid, created_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT m.id, m.created_at FROM public.messages m
    WHERE m.org_id = public.app_org()
      AND public.parley_searchable(m.text) @@ wanted
      AND m.is_shown
      AND (room IS NULL OR m.conversation_id = room)
      AND (author IS NULL OR m.author_id = author)
      AND (since IS NULL OR m.created_at >= since)
      AND (before IS NULL OR m.created_at < before)
      AND (behind_at IS NULL OR (m.created_at, m.id) < (behind_at, behind_id))
      AND (every_room OR EXISTS (
        SELECT 1 FROM public.participants p
        WHERE p.org_id = public.app_org() AND p.conversation_id = m.conversation_id AND p.kind = 'USER'
          AND p.participant_id = viewer AND p.left_at IS NULL))
    ORDER BY m.created_at DESC, m.id DESC LIMIT size
  $$;
