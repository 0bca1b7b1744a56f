-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "limit_rounds" JSONB;

