-- CreateEnum
CREATE TYPE "RuleStage" AS ENUM ('INPUT', 'ROUTING', 'TOOL_CALL', 'OUTPUT', 'EVENT');

-- CreateEnum
CREATE TYPE "RuleScopeKind" AS ENUM ('ORG', 'AGENT', 'CONVERSATION', 'TOOL');

-- CreateEnum
CREATE TYPE "RuleOutcome" AS ENUM ('PASSED', 'ALLOWED', 'BLOCKED', 'ENDED', 'APPROVAL');

-- CreateTable
CREATE TABLE "rule_books" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "version" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "rule_books_pkey" PRIMARY KEY ("org_id")
);

-- CreateTable
CREATE TABLE "rules" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "name" TEXT NOT NULL,
    "stage" "RuleStage" NOT NULL,
    "scope_kind" "RuleScopeKind" NOT NULL,
    "scope_of" TEXT,
    "priority" INTEGER NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "content" JSONB NOT NULL,
    "version_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_by_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rules_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rule_versions" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "rule_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "content" JSONB NOT NULL,
    "note" TEXT NOT NULL DEFAULT '',
    "author_id" UUID NOT NULL,
    "restored_from" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rule_versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rule_decisions" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "stage" "RuleStage" NOT NULL,
    "outcome" "RuleOutcome" NOT NULL,
    "conversation_id" UUID,
    "run_id" UUID,
    "message_id" UUID,
    "agent_id" UUID,
    "tool" TEXT,
    "reasons" JSONB NOT NULL,
    "routing" JSONB,
    "micros" INTEGER NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rule_decisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rule_decision_rules" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "decision_id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,

    CONSTRAINT "rule_decision_rules_pkey" PRIMARY KEY ("decision_id","rule_id")
);

-- CreateTable
CREATE TABLE "rule_notices" (
    "id" UUID NOT NULL,
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "user_id" UUID NOT NULL,
    "decision_id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,
    "rule_name" TEXT NOT NULL,
    "conversation_id" UUID,
    "message" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "read_at" TIMESTAMPTZ(3),

    CONSTRAINT "rule_notices_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "rules_org_id_stage_priority_id_idx" ON "rules"("org_id", "stage", "priority", "id");

-- CreateIndex
CREATE UNIQUE INDEX "rules_org_id_id_key" ON "rules"("org_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "rule_versions_org_id_rule_id_number_key" ON "rule_versions"("org_id", "rule_id", "number");

-- CreateIndex
CREATE INDEX "rule_decisions_org_id_conversation_id_id_idx" ON "rule_decisions"("org_id", "conversation_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "rule_decisions_org_id_id_key" ON "rule_decisions"("org_id", "id");

-- CreateIndex
CREATE INDEX "rule_decision_rules_org_id_rule_id_decision_id_idx" ON "rule_decision_rules"("org_id", "rule_id", "decision_id");

-- CreateIndex
CREATE INDEX "rule_notices_org_id_user_id_id_idx" ON "rule_notices"("org_id", "user_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "rule_notices_decision_id_rule_id_user_id_key" ON "rule_notices"("decision_id", "rule_id", "user_id");

-- AddForeignKey
ALTER TABLE "rule_versions" ADD CONSTRAINT "rule_versions_org_id_rule_id_fkey" FOREIGN KEY ("org_id", "rule_id") REFERENCES "rules"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rule_decision_rules" ADD CONSTRAINT "rule_decision_rules_org_id_decision_id_fkey" FOREIGN KEY ("org_id", "decision_id") REFERENCES "rule_decisions"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('rule_books');
SELECT parley_protect('rules');
SELECT parley_protect('rule_versions');
SELECT parley_protect('rule_decisions');
SELECT parley_protect('rule_decision_rules');
SELECT parley_protect('rule_notices');

-- What was said and decided is not rewritten. Versions go when their rule goes, by the foreign key.
REVOKE UPDATE, DELETE ON "rule_versions" FROM parley_app, parley_worker;
REVOKE UPDATE ON "rule_decisions", "rule_decision_rules" FROM parley_app, parley_worker;
