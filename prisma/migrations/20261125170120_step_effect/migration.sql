-- CreateEnum
CREATE TYPE "ToolEffect" AS ENUM ('NONE', 'IDEMPOTENT', 'ONCE');

-- AlterTable
ALTER TABLE "steps" ADD COLUMN     "effect" "ToolEffect";

