-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "earlier_attempts" INTEGER NOT NULL DEFAULT 0;

