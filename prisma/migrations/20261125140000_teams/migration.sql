-- CreateEnum
CREATE TYPE "AgentKind" AS ENUM ('MODEL', 'TEAM');

-- CreateEnum
CREATE TYPE "TeamPlace" AS ENUM ('DRAFT', 'PUBLISHED');

-- AlterTable
ALTER TABLE "agents" ADD COLUMN     "kind" "AgentKind" NOT NULL DEFAULT 'MODEL';

-- CreateTable
CREATE TABLE "team_members" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "team_id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "place" "TeamPlace" NOT NULL,

    CONSTRAINT "team_members_pkey" PRIMARY KEY ("team_id","member_id","place")
);

-- CreateIndex
CREATE INDEX "team_members_org_id_member_id_team_id_idx" ON "team_members"("org_id", "member_id", "team_id");

-- AddForeignKey
ALTER TABLE "team_members" ADD CONSTRAINT "team_members_org_id_team_id_fkey" FOREIGN KEY ("org_id", "team_id") REFERENCES "agents"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "team_members" ADD CONSTRAINT "team_members_org_id_member_id_fkey" FOREIGN KEY ("org_id", "member_id") REFERENCES "agents"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

SELECT parley_protect('team_members');
