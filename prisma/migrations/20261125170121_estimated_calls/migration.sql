-- AlterTable
ALTER TABLE "model_calls" ADD COLUMN     "estimated" BOOLEAN NOT NULL DEFAULT false;

