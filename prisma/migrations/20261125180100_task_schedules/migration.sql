-- CreateEnum
CREATE TYPE "ScheduleTiming" AS ENUM ('CRON', 'INTERVAL', 'ONCE');

-- CreateEnum
CREATE TYPE "MissedRuns" AS ENUM ('SKIP', 'RUN_ONCE', 'RUN_ALL');

-- CreateEnum
CREATE TYPE "OverlapPolicy" AS ENUM ('ALLOW', 'SKIP', 'QUEUE', 'CANCEL_PREVIOUS');

-- CreateEnum
CREATE TYPE "ScheduleState" AS ENUM ('ACTIVE', 'PAUSED', 'ENDED');

-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "held" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "task_workers" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_schedules" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "policy" JSONB NOT NULL,
    "queue" TEXT NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "concurrency_key" TEXT,
    "timing" "ScheduleTiming" NOT NULL,
    "cron" TEXT,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "every_ms" BIGINT,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "missed_runs" "MissedRuns" NOT NULL DEFAULT 'RUN_ONCE',
    "overlap" "OverlapPolicy" NOT NULL DEFAULT 'SKIP',
    "state" "ScheduleState" NOT NULL DEFAULT 'ACTIVE',
    "next_run_at" TIMESTAMPTZ(3),
    "last_run_at" TIMESTAMPTZ(3),
    "skipped_count" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "created_by_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_schedules_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "task_schedules_org_id_id_key" ON "task_schedules"("org_id", "id");

-- What Prisma's schema language cannot say.
CREATE INDEX "task_schedules_due" ON "task_schedules" ("next_run_at") WHERE "state" = 'ACTIVE';

CREATE INDEX "tasks_unfinished_of_schedule" ON "tasks" ("schedule_id", "id") WHERE "schedule_id" IS NOT NULL AND "state" IN ('QUEUED', 'RUNNING');

SELECT parley_protect('task_schedules');

-- Processes belong to no organization: they are out of reach of the role that works inside one.
ALTER TABLE "task_workers" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "task_workers" FORCE ROW LEVEL SECURITY;
CREATE POLICY across ON "task_workers" TO parley_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "task_workers" TO parley_worker;
