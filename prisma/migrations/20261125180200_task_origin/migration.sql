-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "origin_key" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "tasks_org_id_origin_key_key" ON "tasks"("org_id", "origin_key");
