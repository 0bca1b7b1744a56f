-- CreateTable
CREATE TABLE "audit_entries" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "seq" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "actor_id" UUID,
    "actor_agent_id" UUID,
    "credential_kind" TEXT,
    "credential_id" TEXT,
    "request_id" TEXT,
    "subject_kind" TEXT,
    "subject_id" UUID,
    "conversation_id" UUID,
    "data" JSONB NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "personal" JSONB NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("org_id","seq")
);

-- CreateTable
CREATE TABLE "audit_personal" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "seq" BIGINT NOT NULL,
    "part" TEXT NOT NULL,
    "user_id" UUID,
    "salt" TEXT,
    "fields" JSONB,

    CONSTRAINT "audit_personal_pkey" PRIMARY KEY ("org_id","seq","part")
);

-- CreateTable
CREATE TABLE "audit_erasures" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "user_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "audit_erasures_pkey" PRIMARY KEY ("org_id","user_id")
);

-- CreateTable
CREATE TABLE "audit_checkpoints" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "seq" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "key_id" TEXT NOT NULL,
    "signature" TEXT NOT NULL,

    CONSTRAINT "audit_checkpoints_pkey" PRIMARY KEY ("org_id","seq")
);

-- CreateTable
CREATE TABLE "audit_floors" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "seq" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_floors_pkey" PRIMARY KEY ("org_id")
);

-- CreateIndex
CREATE INDEX "audit_entries_org_id_actor_id_seq_idx" ON "audit_entries"("org_id", "actor_id", "seq");

-- CreateIndex
CREATE INDEX "audit_entries_org_id_subject_id_seq_idx" ON "audit_entries"("org_id", "subject_id", "seq");

-- CreateIndex
CREATE INDEX "audit_entries_org_id_type_seq_idx" ON "audit_entries"("org_id", "type", "seq");

-- CreateIndex
CREATE INDEX "audit_personal_org_id_user_id_idx" ON "audit_personal"("org_id", "user_id");

SELECT parley_protect(name::regclass)
FROM unnest(ARRAY['audit_entries', 'audit_personal', 'audit_erasures', 'audit_checkpoints', 'audit_floors']) AS name;

-- The trail is written and read, and not changed. What says who somebody is can be emptied, and nothing else of it.
REVOKE UPDATE, DELETE ON "audit_entries", "audit_checkpoints", "audit_erasures", "audit_personal" FROM parley_app, parley_worker;
GRANT UPDATE ("salt", "fields") ON "audit_personal" TO parley_app;
REVOKE INSERT, UPDATE, DELETE ON "audit_floors" FROM parley_app, parley_worker;

-- Nor by anybody else, as long as the triggers are there: but for what lies below the floor.
CREATE FUNCTION parley_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_entries' THEN
    IF EXISTS (SELECT 1 FROM public.audit_floors f WHERE f.org_id = OLD.org_id AND OLD.seq <= f.seq) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'The audit trail is appended to, and not changed.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON "audit_entries" FOR EACH ROW EXECUTE FUNCTION parley_refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON "audit_entries" FOR EACH STATEMENT EXECUTE FUNCTION parley_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON "audit_checkpoints" FOR EACH ROW EXECUTE FUNCTION parley_refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON "audit_checkpoints" FOR EACH STATEMENT EXECUTE FUNCTION parley_refuse_change();

-- A third role, which nobody takes: it owns the one function that removes what is kept no longer.
DO $$
BEGIN
  CREATE ROLE parley_auditor NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
  EXECUTE format('GRANT parley_auditor TO %I', current_user);
EXCEPTION WHEN OTHERS THEN
  IF NOT pg_has_role(current_user, 'parley_auditor', 'MEMBER') THEN
    RAISE;
  END IF;
END $$;
GRANT USAGE, CREATE ON SCHEMA public TO parley_auditor;
GRANT SELECT, DELETE ON "audit_entries", "audit_personal" TO parley_auditor;
GRANT SELECT ON "audit_checkpoints" TO parley_auditor;
GRANT SELECT, INSERT, UPDATE ON "audit_floors" TO parley_auditor;
DO $$
DECLARE target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['audit_entries', 'audit_personal', 'audit_checkpoints', 'audit_floors'] LOOP
    EXECUTE format('CREATE POLICY trims ON %I TO parley_auditor
      USING (org_id = (SELECT nullif(current_setting(''app.org_id'', true), '''')::uuid))
      WITH CHECK (org_id = (SELECT nullif(current_setting(''app.org_id'', true), '''')::uuid))', target);
  END LOOP;
END $$;

-- Moves the floor of the connection's organization to a checkpoint, and removes some of what is below it. Returns how many
-- entries went; none where the checkpoint does not say what the trail says.
CREATE FUNCTION parley_trim_audit(upto bigint, size integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE gone integer;
BEGIN
  INSERT INTO public.audit_floors AS f (org_id, seq, hash)
  SELECT c.org_id, c.seq, c.hash FROM public.audit_checkpoints c JOIN public.audit_entries e USING (org_id, seq, hash)
  WHERE c.org_id = public.app_org() AND c.seq = upto
  ON CONFLICT (org_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at = now() WHERE f.seq < excluded.seq;
  DELETE FROM public.audit_personal p USING public.audit_floors f
  WHERE f.org_id = public.app_org() AND p.org_id = f.org_id AND p.seq <= f.seq AND p.seq <= upto;
  DELETE FROM public.audit_entries e WHERE e.org_id = public.app_org() AND e.seq IN (
    SELECT o.seq FROM public.audit_entries o JOIN public.audit_floors f USING (org_id)
    WHERE o.org_id = public.app_org() AND o.seq <= f.seq ORDER BY o.seq LIMIT size);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
ALTER FUNCTION parley_trim_audit OWNER TO parley_auditor;
REVOKE CREATE ON SCHEMA public FROM parley_auditor;
REVOKE EXECUTE ON FUNCTION parley_trim_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley_trim_audit TO parley_app;
