-- What models took is owed also where the room, the run or the session is gone.
ALTER TABLE "model_calls" DROP CONSTRAINT "model_calls_org_id_run_id_fkey";
ALTER TABLE "live_calls" DROP CONSTRAINT "live_calls_org_id_session_id_fkey";
