-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "rolled_back_at" TIMESTAMPTZ(3),
ADD COLUMN     "rolled_back_by_id" UUID;
