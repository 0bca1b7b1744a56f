import type { Bus } from '#core/bus/bus';
import type { Database } from '#core/database/database';
import { isConnectionFailure } from '#core/database/failure';
import { runInOrg } from '#core/database/tenant';
import { ParleyError } from '#core/error';
import type { Logger } from '#core/log';
import type { LiveConnection } from '#core/model/live.port';
import { type LinkEvent, LiveLink, type LiveTurn } from '#core/model/live-link';
import { isModelError } from '#core/model/model-error';
import { toStorable } from '#core/storable-text';
import { FencedError } from '#core/stream/event';
import type { PeerDirectory } from '../peer-directory.ts';
import { describeFailure, RunFailure } from '../run/run-failure.ts';
import { LiveCalls } from './live-calls.ts';
import { type ClaimedSession, type ClaimOptions, HANDLE_PURPOSE } from './live-claim.ts';
import { type EndOptions, endSession } from './live-end.ts';
import { onBehalfOf, readHistory } from './live-history.ts';
import { LiveIntake } from './live-intake.ts';
import { LiveLog } from './live-log.ts';
import { type LiveMail, openMailbox } from './live-mailbox.ts';
import { LiveEndReason } from './live-session.type.ts';
import { LiveSpeech, type LiveSpeechOptions } from './live-speech.ts';
import { completeTurn, recordLiveUsage } from './live-turn.ts';
import { prepareUpstream, type Upstream, type UpstreamOptions } from './live-upstream.ts';

export interface LiveRunOptions extends ClaimOptions, EndOptions, UpstreamOptions, LiveSpeechOptions {
  database: Database;
  bus: Bus;
  directory: PeerDirectory;
  log: Logger;
  /** How long a session lasts in which nobody says anything, in milliseconds. */
  idleMs: number;
  /** Has the session's row looked at. */
  onLook(): void;
}

/** A piece of audio in one event, in characters of base64: whole groups of four. */
const MAX_AUDIO = 48 * 1024;

/** One live session in the hands of this process: between the model's link, the stream and the room. */
export class LiveRun {
  /** Resolves once nothing of it is left here. */
  readonly done: Promise<void>;
  lastActiveAt: number;
  private readonly stopping = new AbortController();
  private readonly stream: LiveLog;
  private readonly link: LiveLink;
  private readonly intake: LiveIntake;
  private readonly calls: LiveCalls;
  private readonly speech: LiveSpeech;
  private mailbox: Promise<() => void> | null = null;
  private upstream: Upstream | null = null;
  private turn: number;
  private audioIndex: number;
  private isReady = false;

  constructor(
    private readonly claimed: ClaimedSession,
    private readonly options: LiveRunOptions,
  ) {
    const { session, handle, progress } = claimed;
    this.turn = session.turn + 1;
    this.audioIndex = progress.audioIndex;
    this.lastActiveAt = session.lastActiveAt.getTime();
    this.stream = new LiveLog(options.streams, session, () => this.letGo());
    this.link = new LiveLink({
      open: (from) => this.connect(from),
      handle,
      uncovered: session.uncovered as unknown as LiveTurn[],
      history: () => readHistory(session, onBehalfOf(session), options),
    });
    this.speech = new LiveSpeech(session, options, () => this.upstream?.agent.name ?? '');
    this.calls = new LiveCalls({
      redact: (value) => this.speech.redact(value),
      link: this.link,
      stream: this.stream,
      log: options.log,
      tools: () => this.upstream?.tools ?? new Map(),
      place: (ofTurn) => ({
        sessionId: session.id,
        turn: ofTurn,
        viewer: onBehalfOf(session),
        conversationId: session.conversationId,
        agent: { id: session.agentId, name: this.upstream?.agent.name ?? '' },
      }),
    });
    this.intake = new LiveIntake(progress, {
      bus: options.bus,
      log: options.log,
      stream: this.stream,
      link: this.link,
      onInput: () => this.active(),
    });
    this.done = runInOrg(session.orgId, () => this.work());
  }

  get session() {
    return this.claimed.session;
  }

  get lastSequence(): number {
    return this.intake.lastSequence;
  }

  /** Stops working on it, whatever becomes of it; the row is left as it is. */
  letGo(): void {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort();
    this.link.close();
    this.calls.stop();
  }

  /** Why the session is to be ended now, by its own limits. */
  limitReached(now: number): LiveEndReason | null {
    if (now >= this.session.expiresAt.getTime()) return LiveEndReason.TIME_LIMIT;
    return now - this.lastActiveAt >= this.options.idleMs ? LiveEndReason.IDLE : null;
  }

  private async work(): Promise<void> {
    const { bus, log } = this.options;
    this.mailbox = openMailbox(bus, this.session.id, (mail) => this.open(mail));
    this.mailbox.catch((error: unknown) => log.warn({ err: error }, 'the bus brings no input of a live session'));
    try {
      await this.prepare();
      if (this.claimed.progress.isOpen) await this.restarted();
      for (;;) await this.take(await this.link.next());
    } catch (error) {
      await this.failed(error);
    } finally {
      this.letGo();
      this.mailbox.then((leave) => leave()).catch(() => {});
      await this.intake.close();
      await this.stream.drain().catch(() => {});
    }
  }

  private open(mail: LiveMail): void {
    if (mail.kind === 'look') this.options.onLook();
    else if (!this.stopping.signal.aborted) this.intake.take(mail);
  }

  private async connect(handle: string | null): Promise<LiveConnection> {
    const { port, request } = this.upstream ?? (await this.prepare());
    const resumed = { ...request, ...(handle !== null && { handle }) };
    const connection = await port.connect(resumed, { signal: this.stopping.signal });
    try {
      if (!this.isReady) await this.ready();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private async prepare(): Promise<Upstream> {
    this.upstream = await prepareUpstream(this.session, this.options);
    return this.upstream;
  }

  private async ready(): Promise<void> {
    await this.options.database.systemPool.query(
      "update live_sessions set state = 'ACTIVE' where id = $1 and fence = $2 and state = 'STARTING'",
      [this.session.id, this.session.fence],
    );
    await this.stream.append('LiveReady', { resumed: this.session.fence > 1 });
    this.isReady = true;
  }

  private async take(event: LinkEvent): Promise<void> {
    const { turn } = this;
    switch (event.type) {
      case 'text':
        this.active();
        return this.say('LiveText', await this.speech.take(toStorable(event.text)));
      case 'output_transcript':
        this.active();
        return this.say('LiveOutputTranscript', await this.speech.take(toStorable(event.text)));
      case 'input_transcript':
        this.active();
        return this.stream.write('LiveInputTranscript', { turn, text: toStorable(event.text) });
      case 'audio':
        this.active();
        return this.speech.isStopped ? undefined : this.speak(event.mimeType, event.data);
      case 'tool_call':
        return this.calls.begin(event, turn);
      case 'tool_cancel':
        this.calls.stop(event.ids);
        return;
      case 'interrupted':
        this.calls.stop();
        return this.stream.write('LiveInterrupted', { turn, dropBefore: this.audioIndex });
      case 'restarted':
        return this.restarted();
      case 'usage':
        return this.persist(() => recordLiveUsage(this.session, turn, event.usage, this.options));
      case 'handle':
        return this.keepHandle(event.handle);
      case 'turn_end':
        return this.turnEnded(event);
    }
  }

  private async say(type: 'LiveText' | 'LiveOutputTranscript', text: string): Promise<void> {
    if (text !== '') await this.stream.write(type, { turn: this.turn, text });
  }

  private async speak(mimeType: string, data: string): Promise<void> {
    for (let at = 0; at < data.length; at += MAX_AUDIO) {
      const index = this.audioIndex++;
      await this.stream.write('LiveAudio', { turn: this.turn, index, mimeType, data: data.slice(at, at + MAX_AUDIO) });
    }
  }

  private restarted(): Promise<void> {
    this.calls.stop();
    this.speech.restart();
    return this.stream.write('LiveTurnRestarted', { turn: this.turn, dropBefore: this.audioIndex });
  }

  private async turnEnded({ turn: words, interrupted, settled }: Extract<LinkEvent, { type: 'turn_end' }>) {
    this.active();
    const { rest, words: shown } = await this.speech.end(interrupted);
    const isWritten = this.session.modality === 'TEXT';
    await this.say(isWritten ? 'LiveText' : 'LiveOutputTranscript', rest);
    await this.stream.drain();
    const { turn: number, audioIndex } = this;
    const keepFrom = this.intake.settle(settled);
    const ended = {
      number,
      words: { user: toStorable(words.user), model: shown },
      interrupted,
      settled,
      audioIndex,
      keepFrom,
    };
    await this.persist(() => completeTurn(this.session, ended, this.options));
    this.turn += 1;
  }

  private async keepHandle(handle: string): Promise<void> {
    const sealed = this.options.sealer.seal(Buffer.from(handle), HANDLE_PURPOSE);
    const { rowCount } = await this.options.database.systemPool.query(
      "update live_sessions set handle = $3, uncovered = '[]' where id = $1 and fence = $2 and state in ('STARTING', 'ACTIVE')",
      [this.session.id, this.session.fence, sealed],
    );
    if (rowCount === 0) throw new FencedError(this.session.id);
  }

  /** Writes under the claim. @throws FencedError where it was taken over. */
  private async persist(write: () => Promise<boolean>): Promise<void> {
    if (!(await write())) throw new FencedError(this.session.id);
  }

  private active(): void {
    this.lastActiveAt = Date.now();
  }

  private async failed(error: unknown): Promise<void> {
    const { log } = this.options;
    const { id, fence } = this.session;
    if (this.stopping.signal.aborted || error instanceof FencedError) return;
    if (isConnectionFailure(error) || (error instanceof ParleyError && error.code === 'UNAVAILABLE')) {
      log.warn({ err: error, liveSessionId: id }, 'a live session was let go of: a part of Parley is away');
      return;
    }
    if (isModelError(error) || error instanceof RunFailure) {
      log.info({ err: error, liveSessionId: id }, 'a live session cannot go on');
    } else log.error({ err: error, liveSessionId: id }, 'a live session failed');
    await this.stream.drain().catch(() => {});
    const gone = error instanceof RunFailure && error.code === 'AGENT_UNAVAILABLE';
    const reason = gone ? LiveEndReason.AGENT_UNAVAILABLE : LiveEndReason.UPSTREAM_FAILED;
    await endSession(this.session, { reason, error: describeFailure(error), fence }, this.options).catch(
      (failure: unknown) => log.error({ err: failure, liveSessionId: id }, 'the end of a live session was not written'),
    );
  }
}
