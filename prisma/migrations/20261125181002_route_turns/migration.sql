-- CreateTable
CREATE TABLE "route_turns" (
    "org_id" UUID NOT NULL DEFAULT app_org(),
    "rule_id" UUID NOT NULL,
    "target_id" UUID NOT NULL,
    "chosen_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "route_turns_pkey" PRIMARY KEY ("rule_id","target_id")
);

SELECT parley_protect('route_turns');
