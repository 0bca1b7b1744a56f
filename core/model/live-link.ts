import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveConnection, LiveEvent } from './live.port.ts';
import { type ClientInput, LiveBacklog, MAX_BACKLOG_BYTES } from './live-backlog.ts';
import type { ModelTurn, ToolResultPart } from './model.port.ts';
import { isModelError, ModelError, modelCancelled } from './model-error.ts';

/** What was said in a turn, in words. */
export interface LiveTurn {
  user: string;
  model: string;
}

/** What a session hears of its model, whatever becomes of the connections. */
export type LinkEvent =
  | Exclude<LiveEvent, { type: 'turn_end' | 'go_away' | 'resumption' }>
  /** `settled` is the number of the newest input that the turn answered; null where it answered none. */
  | { type: 'turn_end'; turn: LiveTurn; interrupted: boolean; settled: number | null }
  /** The connection broke in the middle of a turn: what came of it is void, it begins again. */
  | { type: 'restarted' }
  /** Where another process could go on from. */
  | { type: 'handle'; handle: string };

export interface LinkPolicy {
  /** How often a connection may break or fail without a turn that ends in between. */
  failures: number;
  /** The wait after the second failure in a row, in ms; it doubles with each further one. The first has none. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** After so many ms a connection counts as sound: it may break without that being counted. */
  soundAfterMs: number;
  /** How long after an announced end a handle is waited for that covers the last turn, in ms. */
  handleWithinMs: number;
}

export const DEFAULT_LINK_POLICY: LinkPolicy = {
  failures: 8,
  baseDelayMs: 250,
  maxDelayMs: 4_000,
  soundAfterMs: 30_000,
  handleWithinMs: 1_000,
};

export interface LinkOptions {
  /** Opens a connection, a resumed one where there is a handle. @throws ModelError */
  open(handle: string | null): Promise<LiveConnection>;
  /** Where an earlier link ended. */
  handle?: string | null;
  /** The turns that the handle does not know, oldest first. */
  uncovered?: LiveTurn[];
  /** What a model is told that begins anew. */
  history?: () => Promise<ModelTurn[]>;
  policy?: Partial<LinkPolicy>;
}

/** Turns that the newest handle does not know; more are not told again. */
const MAX_UNCOVERED = 20;
/** Of the backlog: more than any one input. */
const SPARE_BYTES = 256 * 1024;
const SATURATED_BYTES = 1024 * 1024;
const FLUSH_PAUSE_MS = 50;

/**
 * A live session over any number of connections. Reconnects with the newest handle where the provider says that it will
 * close or just does, tells the model again what the handle does not know, and sends again what was not answered.
 */
export class LiveLink {
  private readonly policy: LinkPolicy;
  private readonly backlog = new LiveBacklog();
  private readonly openCalls = new Set<string>();
  private readonly outbox: LinkEvent[] = [];
  private connection: LiveConnection | null = null;
  private handle: string | null;
  private uncovered: LiveTurn[];
  private turn: LiveTurn = { user: '', model: '' };
  private nextHeard = '';
  private answering = false;
  private interrupted = false;
  private leaving = false;
  private failures = 0;
  private openedAt = 0;
  private closed = false;
  private retirement: NodeJS.Timeout | undefined;
  private flushing: NodeJS.Timeout | undefined;

  constructor(private readonly options: LinkOptions) {
    this.policy = { ...DEFAULT_LINK_POLICY, ...options.policy };
    this.handle = options.handle ?? null;
    this.uncovered = options.uncovered ?? [];
  }

  /** Takes what a client says. @returns false where the model is away and no more can be kept for it. */
  send(input: ClientInput, sequence: number): boolean {
    if (this.closed || !this.backlog.add(input, sequence)) return false;
    this.flush();
    return true;
  }

  /** Whether the model is away and hardly any more can be kept for it. */
  get isFull(): boolean {
    return !this.connection && this.backlog.size > MAX_BACKLOG_BYTES - SPARE_BYTES;
  }

  /** Answers tool calls; those that the model no longer waits for are left out. */
  respond(results: ToolResultPart[]): void {
    const wanted = results.filter(({ id }) => this.openCalls.delete(id));
    if (wanted.length > 0) this.connection?.send({ type: 'tool_results', results: wanted });
  }

  /** The next event. Reconnects meanwhile where it has to. @throws ModelError where that fails for good. */
  async next(): Promise<LinkEvent> {
    for (;;) {
      const ready = this.outbox.shift();
      if (ready) return ready;
      if (this.closed) throw modelCancelled();
      if (!this.connection) {
        await this.reconnect();
        continue;
      }
      try {
        this.take(await this.connection.next());
      } catch (error) {
        this.lost(error);
      }
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retirement);
    clearTimeout(this.flushing);
    this.connection?.close();
  }

  private async reconnect(): Promise<void> {
    if (this.failures > 1) {
      await sleep(Math.min(this.policy.maxDelayMs, this.policy.baseDelayMs * 2 ** (this.failures - 2)));
    }
    if (this.closed) throw modelCancelled();
    const { handle } = this;
    let connection: LiveConnection;
    try {
      connection = await this.options.open(handle);
    } catch (error) {
      return this.failed(error);
    }
    if (this.closed) {
      connection.close();
      throw modelCancelled();
    }
    const history = [
      ...(handle === null ? ((await this.options.history?.()) ?? []) : []),
      ...this.uncovered.flatMap(toTurns),
    ];
    if (history.length > 0) connection.send({ type: 'history', turns: history });
    this.connection = connection;
    this.openedAt = Date.now();
    this.flush();
  }

  private take(event: LiveEvent): void {
    switch (event.type) {
      case 'turn_end':
        this.turnEnds();
        return;
      case 'go_away':
        this.goesAway(event.timeLeftMs);
        return;
      case 'resumption':
        this.resumable(event.handle);
        return;
      case 'input_transcript':
        // After an interruption it is of what interrupted.
        if (this.interrupted) this.nextHeard += event.text;
        else this.turn.user += event.text;
        break;
      case 'text':
      case 'output_transcript':
        this.answerBegins();
        this.turn.model += event.text;
        break;
      case 'audio':
        this.answerBegins();
        break;
      case 'tool_call':
        this.answerBegins();
        this.openCalls.add(event.id);
        break;
      case 'tool_cancel':
        for (const id of event.ids) this.openCalls.delete(id);
        break;
      case 'interrupted':
        this.interrupted = true;
        this.openCalls.clear();
        break;
    }
    this.outbox.push(event);
  }

  private answerBegins(): void {
    if (this.answering) return;
    this.answering = true;
    this.backlog.answerBegins();
  }

  private turnEnds(): void {
    const { inputs, lastSequence } = this.backlog.answerEnds();
    const written = inputs.map((input) => (input.type === 'text' ? input.text : '')).join('');
    const turn = { user: [written, this.turn.user].filter(Boolean).join('\n'), model: this.turn.model };
    const { interrupted } = this;
    this.failures = 0;
    this.blank(this.nextHeard);
    if (turn.user || turn.model) this.uncovered = [...this.uncovered, turn].slice(-MAX_UNCOVERED);
    this.outbox.push({ type: 'turn_end', turn, interrupted, settled: lastSequence });
    if (this.leaving) this.retireSoon();
  }

  private resumable(handle: string | null): void {
    // Without one, the last that there was is worth more than none.
    if (handle === null) return;
    this.handle = handle;
    this.uncovered = [];
    this.outbox.push({ type: 'handle', handle });
    if (this.leaving && !this.isBusy) this.retire();
  }

  private get isBusy(): boolean {
    return this.answering || this.openCalls.size > 0 || this.backlog.awaitsAnswer;
  }

  /** An answer that is under way may end first, within most of the time that is left. */
  private goesAway(timeLeftMs: number): void {
    this.leaving = true;
    if (!this.isBusy) {
      this.retireSoon();
      return;
    }
    clearTimeout(this.retirement);
    this.retirement = setTimeout(() => this.retire(), timeLeftMs * 0.8);
  }

  private retireSoon(): void {
    if (this.uncovered.length === 0) {
      this.retire();
      return;
    }
    clearTimeout(this.retirement);
    this.retirement = setTimeout(() => this.retire(), this.policy.handleWithinMs);
  }

  /** Ends a connection before the provider does; whoever waits for its next event finds it lost. */
  private retire(): void {
    this.connection?.close();
  }

  private lost(error: unknown): void {
    // Where we have closed it, its own error says only that.
    const fault = this.leaving ? brokenOff(error) : error;
    clearTimeout(this.retirement);
    this.connection?.close();
    this.connection = null;
    this.leaving = false;
    if (this.answering || this.turn.user !== '' || this.interrupted) this.outbox.push({ type: 'restarted' });
    this.blank();
    this.openCalls.clear();
    this.backlog.connectionLost();
    if (this.closed) return;
    if (Date.now() - this.openedAt > this.policy.soundAfterMs) this.failures = 0;
    this.failed(fault);
  }

  private failed(error: unknown): void {
    const fault = isModelError(error) ? error : brokenOff(error);
    this.failures += 1;
    if (!fault.retryable || this.failures > this.policy.failures) {
      this.close();
      throw fault;
    }
  }

  private blank(user = ''): void {
    this.turn = { user, model: '' };
    this.nextHeard = '';
    this.answering = false;
    this.interrupted = false;
  }

  private flush(): void {
    clearTimeout(this.flushing);
    for (;;) {
      const { connection } = this;
      // What would be answered by a connection that is about to be left waits for the next one.
      if (!connection || (this.leaving && !this.isBusy)) return;
      if (connection.unsentBytes > SATURATED_BYTES) {
        this.flushing = setTimeout(() => this.flush(), FLUSH_PAUSE_MS);
        return;
      }
      const input = this.backlog.takeUnsent();
      if (!input) return;
      connection.send(input);
    }
  }
}

const brokenOff = (cause: unknown) =>
  new ModelError('MODEL_CONNECTION', 'The connection to the live model broke off.', { cause });

const toTurns = ({ user, model }: LiveTurn): ModelTurn[] => [
  ...(user ? [{ role: 'user' as const, parts: [{ type: 'text' as const, text: user }] }] : []),
  ...(model ? [{ role: 'model' as const, parts: [{ type: 'text' as const, text: model }] }] : []),
];
