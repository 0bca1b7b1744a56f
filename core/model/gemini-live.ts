import type { LiveServerMessage } from '@google/genai';
import { WebSocket } from 'ws';
import { readServerMessage, toClientMessage, toSetup } from './gemini-live-message.ts';
import type { LiveConnection, LiveEvent, LiveInput, LiveOptions, LivePort, LiveRequest } from './live.port.ts';
import { ModelError, modelCancelled } from './model-error.ts';
import { type FaultContext, httpFault, transportFault } from './model-fault.ts';
import { PullQueue } from './pull-queue.ts';
import { scrub } from './scrub.ts';

const PATH = 'ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
const SETUP_TIMEOUT_MS = 15_000;
/** More than any message of the Live API, which sends speech in pieces. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** What the Live API says with the code of a close frame, where it refuses what it was sent. */
const REFUSALS = new Set([1003, 1007, 1008]);
/** gRPC codes of refusals: INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED. */
const REFUSED = new Set([3, 5, 9, 11, 12]);
const UNAUTHENTICATED = new Set([7, 16]);
const RESOURCE_EXHAUSTED = 8;

export interface GeminiLiveOptions {
  apiKey: string;
  /** As of the REST API: `https://generativelanguage.googleapis.com/`. */
  baseUrl: string;
  label: string;
}

/**
 * Gemini's Live API, straight on a WebSocket: the SDK's own client waits for ever where a connection is refused, lets a
 * malformed message end the process, and reads without bound.
 */
export class GeminiLive implements LivePort {
  constructor(private readonly options: GeminiLiveOptions) {}

  async connect(request: LiveRequest, { signal, setupTimeoutMs = SETUP_TIMEOUT_MS }: LiveOptions) {
    if (signal.aborted) throw modelCancelled();
    const connection = new Connection(this.address(), request, {
      label: this.options.label,
      model: request.model,
      secrets: [this.options.apiKey],
    });
    const onAbort = () => connection.end(modelCancelled());
    signal.addEventListener('abort', onAbort, { once: true });
    connection.whenClosed(() => signal.removeEventListener('abort', onAbort));
    const timer = setTimeout(() => {
      connection.end(new ModelError('MODEL_TIMEOUT', `${this.options.label} took too long to open a live session.`));
    }, setupTimeoutMs);
    try {
      await connection.setUp;
      return connection as LiveConnection;
    } finally {
      clearTimeout(timer);
    }
  }

  private address(): string {
    const base = this.options.baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '');
    return `${base}/${PATH}?key=${encodeURIComponent(this.options.apiKey)}`;
  }
}

class Connection implements LiveConnection {
  /** Resolves once the server has taken the setup. @throws ModelError */
  readonly setUp: Promise<void>;
  private readonly socket: WebSocket;
  private readonly events: PullQueue<LiveEvent>;
  private readonly onClosed: (() => void)[] = [];
  private confirm: () => void = () => {};
  private refuse: (error: ModelError) => void = () => {};
  private isSetUp = false;
  private ended = false;

  constructor(
    address: string,
    request: LiveRequest,
    private readonly context: FaultContext,
  ) {
    this.setUp = new Promise<void>((resolve, reject) => {
      this.confirm = resolve;
      this.refuse = reject;
    });
    this.socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
    this.events = new PullQueue((held) => (held ? this.socket.pause() : this.socket.resume()));
    this.socket
      .on('open', () => this.socket.send(JSON.stringify(toSetup(request))))
      .on('message', (data) => this.read(String(data)))
      .on('unexpected-response', (_request, response) => {
        response.resume();
        const refusal = { status: response.statusCode ?? 0 };
        this.end(httpFault(refusal, context, new Error(`HTTP ${refusal.status} where a WebSocket was asked for`)));
      })
      .on('error', (error) => this.end(transportFault(error, context)))
      .on('close', (code, reason) => this.end(this.closed(code, String(reason))));
  }

  get unsentBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(input: LiveInput): void {
    if (this.ended) return;
    // An error of the write also comes as an event of the socket.
    this.socket.send(JSON.stringify(toClientMessage(input)), () => {});
  }

  next(): Promise<LiveEvent> {
    return this.events.next();
  }

  close(): void {
    this.end(modelCancelled());
  }

  whenClosed(listener: () => void): void {
    this.onClosed.push(listener);
  }

  end(error: ModelError): void {
    if (this.ended) return;
    this.ended = true;
    this.refuse(error);
    // Whoever waits for the setup has its error; nobody may be there to wait any more.
    this.setUp.catch(() => {});
    this.events.fail(error);
    for (const listener of this.onClosed) listener();
    // The other side may be gone without a word: nothing is to be waited for.
    if (this.socket.readyState === WebSocket.OPEN) this.socket.close(1000);
    setTimeout(() => this.socket.terminate(), 1_000).unref();
    if (this.socket.readyState === WebSocket.CONNECTING) this.socket.terminate();
  }

  private read(text: string): void {
    if (this.ended) return;
    let message: Partial<LiveServerMessage> & { error?: { code?: number; message?: string } };
    try {
      message = JSON.parse(text) as typeof message;
    } catch (error) {
      this.end(transportFault(error, this.context));
      return;
    }
    if (typeof message !== 'object' || message === null) {
      this.end(transportFault(new Error('A message is no object.'), this.context));
      return;
    }
    if (message.error) {
      this.end(this.refused(message.error));
      return;
    }
    if (message.setupComplete && !this.isSetUp) {
      this.isSetUp = true;
      this.confirm();
    }
    for (const event of readServerMessage(message)) this.events.push(event);
  }

  /** An open session is closed for many passing reasons under the codes of a refusal; one that is not open is refused. */
  private closed(code: number, reason: string): ModelError {
    const cause = scrub(new Error(`The Live API closed the connection: ${code} ${reason}`), this.context.secrets);
    const { label } = this.context;
    if (/quota|rate limit|resource.?exhausted/i.test(reason)) {
      return new ModelError('MODEL_RATE_LIMITED', `${label} is limiting how often it may be asked. Try again soon.`, {
        cause,
      });
    }
    if (/api.?key|unauthenticated/i.test(reason)) {
      return new ModelError('MODEL_AUTHENTICATION', `${label} refused the key that Parley is set up with.`, { cause });
    }
    if (!this.isSetUp && REFUSALS.has(code)) {
      return new ModelError('MODEL_INVALID_REQUEST', `${label} refused to open the live session.`, { cause });
    }
    return new ModelError('MODEL_CONNECTION', `${label} broke the connection.`, { cause });
  }

  private refused({ code = 0, message = '' }: { code?: number; message?: string }): ModelError {
    const cause = scrub(new Error(`The Live API answered with an error: ${code} ${message}`), this.context.secrets);
    const { label } = this.context;
    if (code === RESOURCE_EXHAUSTED) {
      return new ModelError('MODEL_RATE_LIMITED', `${label} is limiting how often it may be asked. Try again soon.`, {
        cause,
      });
    }
    if (UNAUTHENTICATED.has(code)) {
      return new ModelError('MODEL_AUTHENTICATION', `${label} refused the key that Parley is set up with.`, { cause });
    }
    if (REFUSED.has(code)) {
      return new ModelError('MODEL_INVALID_REQUEST', `${label} refused what the live session sent.`, { cause });
    }
    return new ModelError('MODEL_OVERLOADED', `${label} is overloaded or failing at the moment. Try again soon.`, {
      cause,
    });
  }
}
