-- CreateEnum
CREATE TYPE "TokenPeriod" AS ENUM ('DAY', 'MONTH', 'TOTAL');

-- CreateEnum
CREATE TYPE "TokenLimitAction" AS ENUM ('REJECT', 'PAUSE', 'DOWNGRADE');

-- CreateTable
CREATE TABLE "token_limits" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "agent_id" UUID,
    "period" "TokenPeriod" NOT NULL,
    "max_tokens" BIGINT NOT NULL,
    "when_exhausted" "TokenLimitAction" NOT NULL,
    "downgrade_model" TEXT,
    "used" BIGINT NOT NULL DEFAULT 0,
    "used_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "token_limits_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "token_reservations" (
    "step_id" UUID NOT NULL,
    "limit_id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "run_id" UUID NOT NULL,
    "fence" INTEGER NOT NULL,
    "tokens" BIGINT NOT NULL,
    "reserved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "token_reservations_pkey" PRIMARY KEY ("step_id","limit_id")
);

-- CreateTable
CREATE TABLE "token_waits" (
    "run_id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "limit_id" UUID NOT NULL,
    "at_least" BIGINT NOT NULL,
    "at_most" BIGINT NOT NULL,
    "since" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "woken_at" TIMESTAMPTZ(3),

    CONSTRAINT "token_waits_pkey" PRIMARY KEY ("run_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "token_limits_org_id_id_key" ON "token_limits"("org_id", "id");

-- CreateIndex
CREATE INDEX "token_reservations_limit_id_idx" ON "token_reservations"("limit_id");

-- CreateIndex
CREATE INDEX "token_reservations_org_id_run_id_idx" ON "token_reservations"("org_id", "run_id");

-- CreateIndex
CREATE INDEX "token_waits_limit_id_since_idx" ON "token_waits"("limit_id", "since");

-- CreateIndex
CREATE INDEX "token_waits_org_id_run_id_idx" ON "token_waits"("org_id", "run_id");

-- AddForeignKey
ALTER TABLE "token_reservations" ADD CONSTRAINT "token_reservations_org_id_limit_id_fkey" FOREIGN KEY ("org_id", "limit_id") REFERENCES "token_limits"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "token_reservations" ADD CONSTRAINT "token_reservations_org_id_run_id_fkey" FOREIGN KEY ("org_id", "run_id") REFERENCES "runs"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "token_waits" ADD CONSTRAINT "token_waits_org_id_limit_id_fkey" FOREIGN KEY ("org_id", "limit_id") REFERENCES "token_limits"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "token_waits" ADD CONSTRAINT "token_waits_org_id_run_id_fkey" FOREIGN KEY ("org_id", "run_id") REFERENCES "runs"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say: one limit for each period of each agent, and of all of them.
CREATE UNIQUE INDEX "token_limits_of" ON "token_limits" ("org_id", coalesce("agent_id", "org_id"), "period");

CREATE INDEX "runs_waiting_for_budget" ON "runs" ("id") WHERE "waiting_for" = 'BUDGET';

-- Since when the present period of a limit counts, in UTC.
CREATE FUNCTION parley_period_start(period "TokenPeriod", created timestamptz) RETURNS timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
    SELECT CASE period WHEN 'DAY' THEN date_trunc('day', now(), 'UTC')
                       WHEN 'MONTH' THEN date_trunc('month', now(), 'UTC') ELSE created END
  $$;

SELECT parley_protect('token_limits');
SELECT parley_protect('token_reservations');
SELECT parley_protect('token_waits');
