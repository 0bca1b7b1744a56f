import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Bus } from '#core/bus/bus';
import { ParleyError } from '#core/error';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';
import { rule } from './rule.ts';
import { onRuleChange } from './rule-change.ts';
import { RuleSet } from './rule-set.ts';
import type { RuleSource } from './rule-source.ts';

/** Organizations whose rules are kept at once. */
const MAX_KEPT = 500;
/** How long a set is taken to be the newest without asking, in ms: with the bus, and while that brings no news. */
const MAX_AGE_MS = 30_000;
const MAX_AGE_UNTOLD_MS = 2_000;
/** For how long, in ms, a set that nobody said had changed serves while the owner of rules cannot be asked. */
const MAX_AGE_ALONE_MS = 600_000;

interface Kept {
  set: RuleSet;
  readAt: number;
}

interface Reading {
  set: Promise<RuleSet>;
  /** Something has changed since it began. */
  isOutdated: boolean;
}

const answer = z.object({ version: z.int(), rules: z.array(rule) });

/** Asks the owner of rules, wherever it runs, and again once the bus says that they have changed. */
export class PeerRuleSource implements RuleSource {
  private readonly kept = new LRUCache<string, Kept>({ max: MAX_KEPT });
  private readonly readings = new Map<string, Reading>();

  constructor(
    private readonly peers: Peers,
    private readonly bus: Pick<Bus, 'isUp'>,
  ) {}

  async find(viewer: Viewer): Promise<RuleSet> {
    const kept = this.kept.get(viewer.orgId);
    const age = kept ? performance.now() - kept.readAt : Number.POSITIVE_INFINITY;
    if (kept && age < (this.bus.isUp() ? MAX_AGE_MS : MAX_AGE_UNTOLD_MS)) return kept.set;
    try {
      return await this.read(viewer);
    } catch (error) {
      const isAway = error instanceof ParleyError && error.code === 'UNAVAILABLE';
      if (isAway && kept && this.kept.has(viewer.orgId) && age < MAX_AGE_ALONE_MS) return kept.set;
      throw error;
    }
  }

  /** What is kept of an organization is the newest no more; of all of them where none is named. */
  forget(orgId?: string): void {
    for (const [key, reading] of this.readings) if (orgId === undefined || key === orgId) reading.isOutdated = true;
    if (orgId === undefined) this.kept.clear();
    else this.kept.delete(orgId);
  }

  private read(viewer: Viewer): Promise<RuleSet> {
    const under = this.readings.get(viewer.orgId);
    if (under && !under.isOutdated) return under.set;
    const reading: Reading = { set: this.ask(viewer), isOutdated: false };
    this.readings.set(viewer.orgId, reading);
    const settle = (set: RuleSet | null) => {
      if (this.readings.get(viewer.orgId) === reading) this.readings.delete(viewer.orgId);
      if (set && !reading.isOutdated) this.kept.set(viewer.orgId, { set, readAt: performance.now() });
    };
    reading.set.then(settle, () => settle(null));
    return reading.set;
  }

  private async ask(viewer: Viewer): Promise<RuleSet> {
    const known = this.kept.get(viewer.orgId)?.set;
    const { ruleSet } = await this.peers.call<{ ruleSet: unknown }>('rules', {
      query: 'query ($unless: Float) { ruleSet(unless: $unless) }',
      variables: { unless: known?.version ?? null },
      viewer,
    });
    if (ruleSet === null && known) return known;
    const { version, rules } = answer.parse(ruleSet);
    return new RuleSet(version, rules);
  }
}

/** A source of rules that hears of changes. `close` ends its listening. */
export async function createRuleSource(peers: Peers, bus: Bus): Promise<{ source: RuleSource; close(): void }> {
  const source = new PeerRuleSource(peers, bus);
  const leave = await onRuleChange(bus, (orgId) => source.forget(orgId));
  const leaveGap = bus.onGap(() => source.forget());
  return {
    source,
    close() {
      leave();
      leaveGap();
    },
  };
}
