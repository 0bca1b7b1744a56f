-- Full-text search in messages. Operators of full text are not leakproof, so behind row-level security no index serves
-- them: the function runs as the role that crosses organizations, and names the organization of the connection itself.
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- Of very long texts the beginning: a vector has a limit, and a reply must never fail to be written for it.
CREATE FUNCTION parley_searchable(text text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT to_tsvector('pg_catalog.simple'::regconfig, left(text, 100000)) $$;

CREATE INDEX "messages_search" ON "messages" USING gin ("org_id", parley_searchable("text"));

-- What people type into a search box. Never an error. The last word may still be being typed, unless it was ended by a
-- quote or a space, or is one to be left out.
CREATE FUNCTION parley_search_query(typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog
  AS $$
    SELECT CASE WHEN typed ~ '[[:alnum:]]$' AND typed !~ '(^|\s)-\S*$' AND q::text ~ '''$'
                THEN (q::text || ':*')::tsquery ELSE q END
    FROM websearch_to_tsquery('simple', typed) q
  $$;

-- The newest messages of the connection's organization that fit, in rooms that the viewer may read.
CREATE FUNCTION parley_search_messages(
  wanted tsquery, viewer uuid, every_room boolean, room uuid, author uuid, since timestamptz, before timestamptz,
  behind_at timestamptz, behind_id uuid, size integer
) RETURNS TABLE (id uuid, created_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT m.id, m.created_at FROM public.messages m
    WHERE m.org_id = public.app_org()
      AND public.parley_searchable(m.text) @@ wanted
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

-- The owner of a function needs to create in its schema, for as long as he becomes it.
GRANT CREATE ON SCHEMA public TO parley_worker;
ALTER FUNCTION parley_search_messages OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA public FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley_search_messages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley_search_messages TO parley_app;
