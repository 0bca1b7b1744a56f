-- CreateEnum
CREATE TYPE "LiveSessionState" AS ENUM ('STARTING', 'ACTIVE', 'ENDED', 'FAILED');

-- CreateTable
CREATE TABLE "live_sessions" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "conversation_id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "agent_version" INTEGER NOT NULL,
    "user_id" UUID NOT NULL,
    "credential_kind" TEXT NOT NULL,
    "credential_id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "modality" TEXT NOT NULL,
    "voice" TEXT,
    "state" "LiveSessionState" NOT NULL DEFAULT 'STARTING',
    "fence" INTEGER NOT NULL DEFAULT 0,
    "owner_id" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "handle" BYTEA,
    "uncovered" JSONB NOT NULL DEFAULT '[]',
    "turn" INTEGER NOT NULL DEFAULT 0,
    "audio_index" INTEGER NOT NULL DEFAULT 0,
    "settled_sequence" INTEGER NOT NULL DEFAULT 0,
    "last_sequence" INTEGER NOT NULL DEFAULT 0,
    "checkpoint_seq" BIGINT NOT NULL DEFAULT 0,
    "usage" JSONB,
    "error" JSONB,
    "end_reason" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_active_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "stream_removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "live_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "live_calls" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "session_id" UUID NOT NULL,
    "turn" INTEGER NOT NULL,
    "model" TEXT NOT NULL,
    "usage" JSONB NOT NULL,
    "raw_usage" JSONB NOT NULL,
    "counted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "live_calls_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "live_sessions_org_id_conversation_id_started_at_idx" ON "live_sessions"("org_id", "conversation_id", "started_at");

-- CreateIndex
CREATE UNIQUE INDEX "live_sessions_org_id_id_key" ON "live_sessions"("org_id", "id");

-- CreateIndex
CREATE INDEX "live_calls_org_id_session_id_idx" ON "live_calls"("org_id", "session_id");

-- AddForeignKey
ALTER TABLE "live_sessions" ADD CONSTRAINT "live_sessions_org_id_conversation_id_fkey" FOREIGN KEY ("org_id", "conversation_id") REFERENCES "conversations"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "live_calls" ADD CONSTRAINT "live_calls_org_id_session_id_fkey" FOREIGN KEY ("org_id", "session_id") REFERENCES "live_sessions"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.
CREATE UNIQUE INDEX "live_sessions_one_at_a_time" ON "live_sessions" ("conversation_id", "user_id") WHERE "state" IN ('STARTING', 'ACTIVE');
CREATE INDEX "live_sessions_open" ON "live_sessions" ("org_id", "lease_until") WHERE "state" IN ('STARTING', 'ACTIVE');
CREATE INDEX "live_sessions_to_clear" ON "live_sessions" ("ended_at") WHERE "stream_removed_at" IS NULL;

SELECT parley_protect('live_sessions');
SELECT parley_protect('live_calls');
