-- CreateTable
CREATE TABLE "event_records" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "seq" BIGINT NOT NULL,
    "id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" UUID,
    "actor_agent_id" UUID,
    "credential_kind" TEXT,
    "request_id" TEXT,
    "subject_kind" TEXT,
    "subject_id" UUID,
    "conversation_id" UUID,
    "data" JSONB NOT NULL,
    "text" TEXT NOT NULL,

    CONSTRAINT "event_records_pkey" PRIMARY KEY ("org_id","seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "event_records_id_key" ON "event_records"("id");

-- CreateIndex
CREATE INDEX "event_records_org_id_type_seq_idx" ON "event_records"("org_id", "type", "seq");

-- CreateIndex
CREATE INDEX "event_records_org_id_actor_id_seq_idx" ON "event_records"("org_id", "actor_id", "seq");

-- CreateIndex
CREATE INDEX "event_records_org_id_subject_id_seq_idx" ON "event_records"("org_id", "subject_id", "seq");

-- CreateIndex
CREATE INDEX "event_records_org_id_conversation_id_seq_idx" ON "event_records"("org_id", "conversation_id", "seq");

SELECT parley_protect('event_records');

CREATE INDEX "event_records_search" ON "event_records" USING gin ("org_id", parley_searchable("text"));

-- Events of the connection's organization that hold all words. As with messages, no index serves operators of full text
-- behind row-level security: the function runs as the role that crosses organizations.
CREATE FUNCTION parley_search_events(wanted tsquery, behind bigint, size integer) RETURNS TABLE (seq bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT e.seq FROM public.event_records e
    WHERE e.org_id = public.app_org() AND public.parley_searchable(e.text) @@ wanted AND (behind IS NULL OR e.seq < behind)
    ORDER BY e.seq DESC LIMIT size
  $$;

-- The owner of a function needs to create in its schema, for as long as he becomes it.
GRANT CREATE ON SCHEMA public TO parley_worker;
ALTER FUNCTION parley_search_events OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA public FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley_search_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley_search_events TO parley_app;
