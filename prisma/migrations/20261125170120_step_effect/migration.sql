-- CreateEnum
CREATE TYPE "ToolEffect" AS ENUM ('NONE', 'IDEMPOTENT', 'ONCE');

-- AlterTable
ALTER TABLE "steps" ADD COLUMN     "effect" "ToolEffect";

-- Of the tools that there were, this one alone must not be run twice.
UPDATE "steps" SET "effect" = 'ONCE' WHERE "kind" = 'TOOL' AND "name" = 'send_request';
