-- CreateIndex
CREATE INDEX "messages_out_of_sight" ON "messages" ("conversation_id", "position") WHERE NOT "is_shown" OR "status" = 'STREAMING';
CREATE INDEX "runs_rolled_back" ON "runs" ("conversation_id") WHERE "rolled_back_at" IS NOT NULL;

-- The newest messages of the connection's organization that fit, in rooms that the viewer may read: of
-- several versions, those that are shown, and none of a run that was taken back. Its owner and who may call it stay as
-- they are.
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
      AND NOT EXISTS (SELECT 1 FROM public.runs r WHERE r.id = m.run_id AND r.rolled_back_at IS NOT NULL)
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

-- Tells one state of what a room shows, up to a place in it, from every other: by what it does not show, which is little.
-- Messages come behind one another and do not change their places; where some are deleted, so are the summaries of them.
CREATE OR REPLACE FUNCTION parley_room_fingerprint(org uuid, room uuid, place bigint) RETURNS text
  LANGUAGE sql STABLE
  AS $$
    SELECT md5(coalesce(string_agg(hidden.id::text, ',' ORDER BY hidden.id), ''))
    FROM (
      SELECT m.id FROM messages m
      WHERE m.org_id = org AND m.conversation_id = room AND m.position <= place
        AND (NOT m.is_shown OR m.status = 'STREAMING')
      UNION
      SELECT m.id FROM runs r JOIN messages m ON m.run_id = r.id
      WHERE r.org_id = org AND r.conversation_id = room AND r.rolled_back_at IS NOT NULL AND m.position <= place
    ) hidden
  $$;
