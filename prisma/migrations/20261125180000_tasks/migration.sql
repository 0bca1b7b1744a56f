-- CreateEnum
CREATE TYPE "TaskState" AS ENUM ('QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "JobState" AS ENUM ('HELD', 'QUEUED', 'RUNNING', 'AWAITING', 'SUCCEEDED', 'DEAD', 'CANCELLED', 'SKIPPED');

-- CreateEnum
CREATE TYPE "ExecutionState" AS ENUM ('RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'LOST');

-- CreateTable
CREATE TABLE "tasks" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "kind" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "policy" JSONB NOT NULL,
    "state" "TaskState" NOT NULL DEFAULT 'QUEUED',
    "queue" TEXT NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "dedupe_key" TEXT,
    "concurrency_key" TEXT,
    "output" JSONB,
    "error" JSONB,
    "created_by_id" UUID NOT NULL,
    "schedule_id" UUID,
    "scheduled_for" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "cancel_requested_at" TIMESTAMPTZ(3),

    CONSTRAINT "tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_jobs" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "task_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "state" "JobState" NOT NULL,
    "queue" TEXT NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "concurrency_key" TEXT,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "losses" INTEGER NOT NULL DEFAULT 0,
    "round" INTEGER NOT NULL DEFAULT 0,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "worker_id" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "run_after" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "effect_id" UUID,
    "look_at" TIMESTAMPTZ(3),
    "resuming" BOOLEAN NOT NULL DEFAULT false,
    "attempt_ends_at" TIMESTAMPTZ(3),
    "recovered" TEXT,
    "output" JSONB,
    "error" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "queued_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "task_jobs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_executions" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "task_id" UUID NOT NULL,
    "job_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "fence" INTEGER NOT NULL,
    "worker_id" UUID NOT NULL,
    "state" "ExecutionState" NOT NULL DEFAULT 'RUNNING',
    "wait_ms" INTEGER NOT NULL,
    "progress" DOUBLE PRECISION,
    "note" TEXT,
    "run_id" UUID,
    "output" JSONB,
    "error" JSONB,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "task_executions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_execution_logs" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "execution_id" UUID NOT NULL,
    "level" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_execution_logs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_queues" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "name" TEXT NOT NULL,
    "paused_at" TIMESTAMPTZ(3),
    "draining_since" TIMESTAMPTZ(3),
    "max_concurrent" INTEGER,
    "max_per_minute" INTEGER,
    "next_start_at" TIMESTAMPTZ(3),

    CONSTRAINT "task_queues_pkey" PRIMARY KEY ("org_id","name")
);

-- CreateIndex
CREATE INDEX "tasks_org_id_schedule_id_id_idx" ON "tasks"("org_id", "schedule_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "tasks_org_id_id_key" ON "tasks"("org_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "tasks_schedule_id_scheduled_for_key" ON "tasks"("schedule_id", "scheduled_for");

-- CreateIndex
CREATE INDEX "task_jobs_org_id_task_id_position_idx" ON "task_jobs"("org_id", "task_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "task_jobs_org_id_id_key" ON "task_jobs"("org_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "task_jobs_task_id_position_key" ON "task_jobs"("task_id", "position");

-- CreateIndex
CREATE INDEX "task_executions_org_id_job_id_id_idx" ON "task_executions"("org_id", "job_id", "id");

-- CreateIndex
CREATE INDEX "task_executions_org_id_queue_started_at_idx" ON "task_executions"("org_id", "queue", "started_at");

-- CreateIndex
CREATE INDEX "task_executions_org_id_finished_at_idx" ON "task_executions"("org_id", "finished_at");

-- CreateIndex
CREATE UNIQUE INDEX "task_executions_org_id_id_key" ON "task_executions"("org_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "task_executions_job_id_attempt_key" ON "task_executions"("job_id", "attempt");

-- CreateIndex
CREATE INDEX "task_execution_logs_org_id_execution_id_id_idx" ON "task_execution_logs"("org_id", "execution_id", "id");

-- AddForeignKey
ALTER TABLE "task_jobs" ADD CONSTRAINT "task_jobs_org_id_task_id_fkey" FOREIGN KEY ("org_id", "task_id") REFERENCES "tasks"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_executions" ADD CONSTRAINT "task_executions_org_id_job_id_fkey" FOREIGN KEY ("org_id", "job_id") REFERENCES "task_jobs"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_execution_logs" ADD CONSTRAINT "task_execution_logs_org_id_execution_id_fkey" FOREIGN KEY ("org_id", "execution_id") REFERENCES "task_executions"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.
-- Of the tasks that are not over yet, one has a dedupe key.
CREATE UNIQUE INDEX "tasks_dedupe" ON "tasks" ("org_id", "dedupe_key") WHERE "dedupe_key" IS NOT NULL AND "state" IN ('QUEUED', 'RUNNING');

CREATE INDEX "tasks_expiring" ON "tasks" ("expires_at") WHERE "expires_at" IS NOT NULL AND "state" IN ('QUEUED', 'RUNNING');

-- What a claim looks through, and what the sweep does.
CREATE INDEX "task_jobs_ready" ON "task_jobs" ("org_id", "queue", "priority" DESC, "run_after") WHERE "state" = 'QUEUED';

CREATE INDEX "task_jobs_due" ON "task_jobs" ("run_after") WHERE "state" = 'QUEUED';

CREATE INDEX "task_jobs_held" ON "task_jobs" ("lease_until") WHERE "state" = 'RUNNING';

CREATE INDEX "task_jobs_awaiting" ON "task_jobs" ("look_at") WHERE "state" = 'AWAITING';

CREATE INDEX "task_jobs_effect" ON "task_jobs" ("org_id", "effect_id") WHERE "effect_id" IS NOT NULL;

CREATE INDEX "task_jobs_busy" ON "task_jobs" ("org_id", "queue") WHERE "state" IN ('RUNNING', 'AWAITING');

CREATE INDEX "task_jobs_keyed" ON "task_jobs" ("org_id", "concurrency_key") WHERE "state" IN ('QUEUED', 'RUNNING', 'AWAITING');

CREATE INDEX "task_jobs_dead" ON "task_jobs" ("org_id", "id") WHERE "state" = 'DEAD';

SELECT parley_protect('tasks');
SELECT parley_protect('task_jobs');
SELECT parley_protect('task_executions');
SELECT parley_protect('task_execution_logs');
SELECT parley_protect('task_queues');
