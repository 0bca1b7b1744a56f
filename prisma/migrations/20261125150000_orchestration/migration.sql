-- CreateEnum
CREATE TYPE "RunWait" AS ENUM ('APPROVAL', 'INPUT', 'BUDGET');

-- CreateEnum
CREATE TYPE "StepKind" AS ENUM ('MODEL', 'TOOL', 'AGENT', 'DECISION');

-- CreateEnum
CREATE TYPE "StepState" AS ENUM ('RUNNING', 'WAITING', 'SUCCEEDED', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "ApprovalKind" AS ENUM ('TOOL_CALL', 'LIMIT', 'CHOICE');

-- CreateEnum
CREATE TYPE "ApprovalState" AS ENUM ('PENDING', 'APPROVED', 'REJECTED', 'CANCELLED');

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "active_ms" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "delta_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "journal_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "resuming" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "team_state" JSONB,
ADD COLUMN     "waiting_for" "RunWait";

-- AlterTable
ALTER TABLE "model_calls" ADD COLUMN     "step_id" UUID;

-- CreateTable
CREATE TABLE "steps" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "run_id" UUID NOT NULL,
    "parent_id" UUID,
    "key" TEXT NOT NULL,
    "kind" "StepKind" NOT NULL,
    "name" TEXT NOT NULL,
    "agent_id" UUID NOT NULL,
    "agent_version" INTEGER NOT NULL,
    "depth" INTEGER NOT NULL,
    "state" "StepState" NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "input" JSONB,
    "output" JSONB,
    "error" JSONB,
    "usage" JSONB,
    "decision" JSONB,
    "message_id" UUID,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "steps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approvals" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "conversation_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "step_id" UUID NOT NULL,
    "kind" "ApprovalKind" NOT NULL,
    "state" "ApprovalState" NOT NULL DEFAULT 'PENDING',
    "agent_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "arguments" JSONB NOT NULL,
    "edited_arguments" JSONB,
    "required_role" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "on_expiry" "ApprovalState" NOT NULL,
    "decided_by_id" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "approvals_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "steps_org_id_run_id_id_idx" ON "steps"("org_id", "run_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "steps_run_id_key_key" ON "steps"("run_id", "key");

-- CreateIndex
CREATE INDEX "approvals_org_id_run_id_idx" ON "approvals"("org_id", "run_id");

-- CreateIndex
CREATE INDEX "approvals_org_id_state_id_idx" ON "approvals"("org_id", "state", "id");

-- CreateIndex
CREATE UNIQUE INDEX "approvals_org_id_id_key" ON "approvals"("org_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "approvals_step_id_key" ON "approvals"("step_id");

-- AddForeignKey
ALTER TABLE "steps" ADD CONSTRAINT "steps_org_id_run_id_fkey" FOREIGN KEY ("org_id", "run_id") REFERENCES "runs"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_org_id_run_id_fkey" FOREIGN KEY ("org_id", "run_id") REFERENCES "runs"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.
CREATE INDEX "approvals_pending_by_expiry" ON "approvals" ("expires_at") WHERE "state" = 'PENDING';

SELECT parley_protect('steps');
SELECT parley_protect('approvals');
