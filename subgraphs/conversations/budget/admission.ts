/** A limit as it stands at one moment. Tokens. */
export interface LimitState {
  id: string;
  max: number;
  /** What the calls of the present period took. */
  used: number;
  /** What is set aside for calls under way, those of the asking step left out. */
  reserved: number;
  whenExhausted: 'REJECT' | 'PAUSE' | 'DOWNGRADE';
  /** With `DOWNGRADE`. */
  downgradeModel: string | null;
  /** Whether other runs have waited for room longer. */
  queued: boolean;
}

export interface WantedCall {
  model: string;
  least: number;
  most: number;
}

/** `limitIds` are those that the call draws from. */
export type Admission =
  | { kind: 'GRANT'; model: string; tokens: number; limitIds: string[] }
  | { kind: 'REJECT' | 'PAUSE'; limit: LimitState };

/** Tokens for which a call is still worth making where its period has no room for a longer answer. */
export const SHORTEST_ANSWER = 256;

/** What a call needs for the shortest answer that it is made for. */
export const enoughFor = ({ least, most }: Pick<WantedCall, 'least' | 'most'>): number =>
  least + Math.min(most - least, SHORTEST_ANSWER);

/**
 * Whether a call may be made, by which model, and how much it may take. Its answer is cut short only for what has been used,
 * never for what others have set aside and may give back. Where several limits have no room, the strictest one decides.
 * Pure.
 */
export function admit(limits: readonly LimitState[], call: WantedCall): Admission {
  const enough = enoughFor(call);
  const fallenBack = new Set<LimitState>();
  const tried = new Set<string>();
  let { model } = call;
  for (;;) {
    // What a limit falls back on does not draw from it: it would never be of use.
    const over = limits.filter(
      (limit) => !fallenBack.has(limit) && !(limit.whenExhausted === 'DOWNGRADE' && limit.downgradeModel === model),
    );
    const tokens = Math.min(call.most, ...over.map(({ max, used }) => max - used));
    const usedUp = over.filter(({ max, used }) => max - used < enough);
    const full = usedUp.length > 0 ? usedUp : over.filter((limit) => isTaken(limit, tokens));
    const limit = strictest(full);
    if (!limit) return { kind: 'GRANT', model, tokens, limitIds: over.map(({ id }) => id) };
    if (limit.whenExhausted !== 'DOWNGRADE') return { kind: limit.whenExhausted, limit };
    fallenBack.add(limit);
    tried.add(model);
    model = limit.downgradeModel ?? model;
    // They fall back on one another: none of them has room.
    if (tried.has(model)) return { kind: 'REJECT', limit };
  }
}

/** Others have set aside what it has left, or have waited longer for it. */
const isTaken = ({ max, used, reserved, queued, whenExhausted }: LimitState, tokens: number): boolean =>
  max - used - reserved < tokens || (queued && whenExhausted === 'PAUSE');

const strictest = (limits: readonly LimitState[]): LimitState | undefined =>
  limits.find(({ whenExhausted }) => whenExhausted === 'REJECT') ??
  limits.find(({ whenExhausted }) => whenExhausted === 'PAUSE') ??
  limits[0];
