import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { Logger } from '#core/log';
import type { Run } from '#prisma/generated/client';
import { snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import type { RoomWriter } from '../room-writer.ts';
import { RUN_COLUMNS } from '../row.ts';
import { STILL_FIRST, USED } from './limit-statement.ts';

/** How often to look for runs that can go on, in milliseconds. */
const EVERY_MS = 2_000;
const AT_ONCE = 200;

export interface BudgetWaitOptions {
  database: Database;
  rooms: RoomWriter;
  log: Logger;
  dispatch(run: Pick<Run, 'id' | 'orgId'>): void;
}

interface WaitingRun {
  id: string;
  orgId: string;
  conversationId: string;
}

/** Lets runs go on that wait for a limit of tokens, in the order in which they came, as soon as there is room for them. */
export class BudgetWaits {
  private running: Promise<void> | null = null;
  private again = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: BudgetWaitOptions) {}

  /** Starts looking; the function returned ends it. */
  start(): () => Promise<void> {
    this.timer = setInterval(() => this.nudge(), EVERY_MS);
    this.nudge();
    return async () => {
      if (this.timer) clearInterval(this.timer);
      this.timer = null;
      await this.running;
    };
  }

  /** Looks now, where this process looks at all. */
  nudge(): void {
    if (!this.timer) return;
    this.again = true;
    this.running ??= this.sweep().finally(() => {
      this.running = null;
    });
  }

  private async sweep(): Promise<void> {
    const { database, log } = this.options;
    while (this.again) {
      this.again = false;
      try {
        await database.systemPool.query(GIVE_BACK);
        await database.systemPool.query(FORGET);
        const { rows } = await database.systemPool.query<WaitingRun>(READY);
        for (const run of rows) await runInOrg(run.orgId, () => this.wake(run));
      } catch (error) {
        log.warn({ err: error }, 'runs that wait for a budget could not be looked after; the next round will do it');
      }
    }
  }

  private async wake({ id, orgId, conversationId }: WaitingRun): Promise<void> {
    const { rooms, dispatch, log } = this.options;
    const room = { id: conversationId, orgId };
    try {
      await rooms.write(room, async ({ tx, afterCommit }) => {
        const [woken] = await tx.$queryRawUnsafe<Run[]>(WAKE, id);
        if (!woken) return { made: null, appends: [] };
        await tx.$executeRaw`UPDATE token_waits SET woken_at = now() WHERE run_id = ${id}::uuid`;
        afterCommit(() => dispatch(woken));
        return { made: null, appends: [eventOf(room, 'RunStateChanged', { run: snapshotRun(woken) })] };
      });
    } catch (error) {
      log.warn({ err: error, runId: id }, 'a run that waited for a budget did not go on; the next round will try');
    }
  }
}

/** What is held under a claim that is no longer: its worker died, and what the call took is known to nobody. */
const GIVE_BACK = `
  DELETE FROM token_reservations WHERE (step_id, limit_id) IN (
    SELECT r.step_id, r.limit_id FROM token_reservations r JOIN runs q ON q.id = r.run_id
    WHERE q.state <> 'RUNNING' OR q.fence <> r.fence FOR UPDATE OF r SKIP LOCKED)`;

const FORGET = `
  DELETE FROM token_waits WHERE run_id IN (
    SELECT w.run_id FROM token_waits w JOIN runs q ON q.id = w.run_id
    WHERE q.state NOT IN ('QUEUED', 'RUNNING', 'WAITING') FOR UPDATE OF w SKIP LOCKED)`;

/**
 * Of each line as many as there is room for, each with the longest answer that its limit allows; those who were told to go
 * on a moment ago included. And those whose limit is gone.
 */
const READY = `
  WITH room AS (
    SELECT l.id, l.max_tokens - (${USED}) AS open,
           coalesce((SELECT sum(r.tokens) FROM token_reservations r WHERE r.limit_id = l.id), 0) AS reserved
    FROM token_limits l WHERE EXISTS (SELECT 1 FROM token_waits w WHERE w.limit_id = l.id)
  ), line AS (
    SELECT w.run_id, w.since, w.at_least, room.open, room.reserved, least(w.at_most, room.open) AS wanted,
           sum(least(w.at_most, room.open)) OVER (PARTITION BY w.limit_id ORDER BY w.since, w.run_id) AS needed
    FROM token_waits w JOIN room ON room.id = w.limit_id JOIN runs q ON q.id = w.run_id WHERE ${STILL_FIRST}
  ), ready AS (
    SELECT run_id, since FROM line WHERE wanted >= at_least AND needed <= open - reserved
    UNION ALL
    SELECT r.id, r.queued_at FROM runs r
    WHERE r.waiting_for = 'BUDGET' AND NOT EXISTS (SELECT 1 FROM token_waits w WHERE w.run_id = r.id)
  )
  SELECT r.id::text, r.org_id::text AS "orgId", r.conversation_id::text AS "conversationId"
  FROM ready JOIN runs r ON r.id = ready.run_id WHERE r.state = 'WAITING' ORDER BY ready.since, r.id LIMIT ${AT_ONCE}`;

const WAKE = `
  UPDATE runs SET state = 'QUEUED', resuming = true, waiting_for = NULL, queued_at = clock_timestamp()
  WHERE id = $1::uuid AND state = 'WAITING' RETURNING ${RUN_COLUMNS}`;
