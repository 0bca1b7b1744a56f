-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "active_since" TIMESTAMPTZ(3);
