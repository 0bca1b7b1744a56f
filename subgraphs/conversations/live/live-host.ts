import { onViewerChange } from '#core/viewer-change';
import { claimSession, LIVE_LEASE_SECONDS } from './live-claim.ts';
import { removeStreams, trimOpenStreams } from './live-cleanup.ts';
import { endSession } from './live-end.ts';
import { offerSession, onOffer } from './live-mailbox.ts';
import { LiveRun, type LiveRunOptions } from './live-run.ts';
import { LiveEndReason } from './live-session.type.ts';
import { findUnwelcome } from './live-watch.ts';

/** Sessions of one process: each holds a socket and some megabytes at worst. */
const MAX_RUNS = 200;
const TICK_MS = 1_000;
const SWEEP_MS = 2_000;
const WATCH_MS = 2_000;
const CLEANUP_MS = 15_000;

type Offered = { id: string; orgId: string };

/** Holds live sessions: takes those that nobody has, keeps its claim on them, ends those that may not go on. */
export class LiveHost {
  private readonly runs = new Map<string, LiveRun>();
  private readonly claiming = new Map<string, Promise<void>>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly leaving: (() => void)[] = [];
  private readonly busy = new Map<string, Promise<void>>();
  private stopped = false;

  constructor(private readonly options: Omit<LiveRunOptions, 'onLook'>) {}

  /** @param alone No other process can be at work: what one had held is free. */
  async start({ alone }: { alone: boolean }): Promise<void> {
    const { bus, database, instanceId } = this.options;
    if (alone) {
      await database.systemPool.query(
        `update live_sessions set lease_until = null
         where state in ('STARTING', 'ACTIVE') and owner_id is distinct from $1`,
        [instanceId],
      );
    }
    this.leaving.push(await onOffer(bus, (session) => this.claim(session)));
    this.leaving.push(await onViewerChange(bus, () => this.once('watch', () => this.watch())));
    const every = (ms: number, name: string, work: () => Promise<void>) => {
      this.timers.push(setInterval(() => this.once(name, work), ms));
    };
    every(TICK_MS, 'limits', () => this.endOverdue());
    every((LIVE_LEASE_SECONDS * 1_000) / 3, 'renew', () => this.renew());
    every(SWEEP_MS, 'sweep', () => this.sweep());
    every(WATCH_MS, 'watch', () => this.watch());
    every(CLEANUP_MS, 'cleanup', () => this.cleanUp());
    this.once('sweep', () => this.sweep());
  }

  /** Puts every session down where it is, so that another process, or this one after its start, goes on with it. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
    for (const leave of this.leaving) leave();
    await Promise.all([...this.busy.values(), ...this.claiming.values()]);
    const runs = [...this.runs.values()];
    for (const run of runs) run.letGo();
    await Promise.all(runs.map((run) => run.done));
    await this.options.database.systemPool
      .query(
        `update live_sessions s set lease_until = null from unnest($1::uuid[], $2::int[]) as own (id, fence)
         where s.id = own.id and s.fence = own.fence`,
        [runs.map(({ session }) => session.id), runs.map(({ session }) => session.fence)],
      )
      .catch((error: unknown) => this.options.log.warn({ err: error }, 'live sessions were not put down'));
    for (const { session } of runs) offerSession(this.options.bus, session);
  }

  private claim(offered: Offered): void {
    const { id } = offered;
    if (this.stopped || this.runs.has(id) || this.claiming.has(id)) return;
    if (this.runs.size + this.claiming.size >= MAX_RUNS) return;
    const claimed = claimSession(offered, this.options)
      .then((session) => {
        if (!session) return;
        const run = new LiveRun(session, { ...this.options, onLook: () => this.once('renew', () => this.renew()) });
        this.runs.set(id, run);
        void run.done.finally(() => {
          if (this.runs.get(id) === run) this.runs.delete(id);
        });
      })
      .catch((error: unknown) => {
        this.options.log.warn({ err: error, liveSessionId: id }, 'a live session was not taken; the next sweep will');
      })
      .finally(() => this.claiming.delete(id));
    this.claiming.set(id, claimed);
  }

  /** Keeps the claims, and lets go of what was taken over or has ended. */
  private async renew(): Promise<void> {
    const runs = [...this.runs.values()];
    if (runs.length === 0) return;
    const { rows } = await this.options.database.systemPool.query<{ id: string }>(
      `update live_sessions s set lease_until = clock_timestamp() + make_interval(secs => $4),
         last_active_at = greatest(s.last_active_at, to_timestamp(own.active / 1000.0)),
         last_sequence = greatest(s.last_sequence, own.sequence)
       from unnest($1::uuid[], $2::int[], $3::float8[], $5::int[]) as own (id, fence, active, sequence)
       where s.id = own.id and s.fence = own.fence and s.state in ('STARTING', 'ACTIVE') returning s.id::text`,
      [
        runs.map(({ session }) => session.id),
        runs.map(({ session }) => session.fence),
        runs.map(({ lastActiveAt }) => lastActiveAt),
        LIVE_LEASE_SECONDS,
        runs.map(({ lastSequence }) => lastSequence),
      ],
    );
    const held = new Set(rows.map(({ id }) => id));
    for (const run of runs) if (!held.has(run.session.id)) run.letGo();
  }

  private async sweep(): Promise<void> {
    const { rows } = await this.options.database.systemPool.query<Offered & { conversationId: string; late: boolean }>(
      `select id::text, org_id::text as "orgId", conversation_id::text as "conversationId",
         expires_at < clock_timestamp() as late
       from live_sessions
       where state in ('STARTING', 'ACTIVE') and (lease_until is null or lease_until < clock_timestamp())
       order by id limit ${MAX_RUNS}`,
    );
    for (const session of rows) {
      // One that nobody could hold ends as well.
      if (session.late) await endSession(session, { reason: LiveEndReason.TIME_LIMIT }, this.options);
      else this.claim(session);
    }
  }

  private async endOverdue(): Promise<void> {
    const now = Date.now();
    for (const run of this.runs.values()) {
      const reason = run.limitReached(now);
      if (reason) await endSession(run.session, { reason, fence: run.session.fence }, this.options);
    }
  }

  private async watch(): Promise<void> {
    const sessions = [...this.runs.values()].map(({ session }) => session);
    for (const [id, reason] of await findUnwelcome(sessions, this.options)) {
      const run = this.runs.get(id);
      if (run) await endSession(run.session, { reason, fence: run.session.fence }, this.options);
    }
  }

  private async cleanUp(): Promise<void> {
    await removeStreams(this.options);
    await trimOpenStreams(this.options.database);
  }

  /** Does the work, unless it is being done. */
  private once(name: string, work: () => Promise<void>): void {
    if (this.stopped || this.busy.has(name)) return;
    const done = work()
      .catch((error: unknown) =>
        this.options.log.warn({ err: error, work: name }, 'live sessions were not looked after'),
      )
      .finally(() => this.busy.delete(name));
    this.busy.set(name, done);
  }
}
