import type { Bus } from '#core/bus/bus';
import { conflict, isErrorCode, ParleyError, unavailable } from '#core/error';
import { newId } from '#core/id';
import type { LivePayloads } from './live-event.ts';

const mailboxOf = (sessionId: string): string => `live:${sessionId}`;
const repliesOf = (instanceId: string): string => `live-reply:${instanceId}`;
const OFFERS = 'live-offer';

/** The bus brings a message once at most: it is sent again until it is answered. */
const AGAIN_AFTER_MS = 400;
const GIVE_UP_AFTER_MS = 6_000;

export type LiveInputMessage = LivePayloads['LiveInput'];

/** What reaches the process that holds a session. */
export type LiveMail =
  | { kind: 'look' }
  | { kind: 'input'; requestId: string; replyTo: string; input: LiveInputMessage };

/** What it answers. */
export interface LiveReply {
  requestId: string;
  duplicate?: boolean;
  refusal?: { code: string; message: string; expected?: number };
}

/** Has the process that holds a session look at its row. */
export const announceLook = (bus: Bus, sessionId: string): void =>
  bus.publish(mailboxOf(sessionId), JSON.stringify({ kind: 'look' } satisfies LiveMail));

/** Tells every process of a session that nobody holds. */
export const offerSession = (bus: Bus, session: { id: string; orgId: string }): void =>
  bus.publish(OFFERS, JSON.stringify({ id: session.id, orgId: session.orgId }));

export const onOffer = (bus: Bus, listener: (session: { id: string; orgId: string }) => void): Promise<() => void> =>
  bus.subscribe(OFFERS, (message) => listener(JSON.parse(message) as { id: string; orgId: string }));

export const openMailbox = (bus: Bus, sessionId: string, listener: (mail: LiveMail) => void): Promise<() => void> =>
  bus.subscribe(mailboxOf(sessionId), (message) => listener(JSON.parse(message) as LiveMail));

export const reply = (bus: Bus, replyTo: string, answer: LiveReply): void =>
  bus.publish(replyTo, JSON.stringify(answer));

/** Brings input to the process that holds the session, wherever it runs, and waits until that has taken it. */
export class LivePost {
  private readonly waiting = new Map<string, (answer: LiveReply) => void>();
  private listening: Promise<unknown> | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly instanceId: string,
  ) {}

  /**
   * @returns whether the input had been taken before.
   * @throws ParleyError `CONFLICT` where input is missing before it, `UNAVAILABLE` where nobody takes it in time.
   */
  async deliver(sessionId: string, input: LiveInputMessage): Promise<boolean> {
    const replyTo = repliesOf(this.instanceId);
    this.listening ??= this.bus.subscribe(replyTo, (message) => {
      const answer = JSON.parse(message) as LiveReply;
      this.waiting.get(answer.requestId)?.(answer);
    });
    await this.listening.catch((error: unknown) => {
      this.listening = null;
      throw error;
    });
    const requestId = newId();
    const mail = JSON.stringify({ kind: 'input', requestId, replyTo, input } satisfies LiveMail);
    let again: NodeJS.Timeout | undefined;
    let giveUp: NodeJS.Timeout | undefined;
    try {
      const { refusal, duplicate = false } = await new Promise<LiveReply>((resolve, reject) => {
        this.waiting.set(requestId, resolve);
        const say = () => this.bus.publish(mailboxOf(sessionId), mail);
        again = setInterval(say, AGAIN_AFTER_MS);
        giveUp = setTimeout(() => {
          reject(unavailable('The live session cannot be reached at the moment.', { retryAfterSeconds: 1 }));
        }, GIVE_UP_AFTER_MS);
        say();
      });
      if (refusal) throw refused(refusal);
      return duplicate;
    } finally {
      clearInterval(again);
      clearTimeout(giveUp);
      this.waiting.delete(requestId);
    }
  }
}

function refused({ code, message, expected }: NonNullable<LiveReply['refusal']>): ParleyError {
  if (expected !== undefined) return conflict(message, [{ path: 'input.sequence', message }]);
  return new ParleyError(isErrorCode(code) ? code : 'INTERNAL', message, {
    ...(code === 'UNAVAILABLE' && { retryAfterSeconds: 1 }),
  });
}
