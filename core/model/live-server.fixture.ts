import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

type Json = Record<string, unknown>;

/** What happens in place of a message, or before it. */
export type LiveFault = 'drop' | 'close' | 'go_away' | 'garbage' | null;

/** Where a message stands among those that a session is sent. */
export interface LiveMoment {
  /** The connections of the server, from 1. */
  connection: number;
  /** The messages of that connection, `setupComplete` included, from 0. */
  message: number;
  body: Json;
}

interface Turn {
  role: string;
  parts: { text?: string }[];
}

/** What the model knows: a copy of it is behind each handle. */
interface Known {
  turns: string[];
}

/** A connection as the server saw it. */
export interface LiveWire {
  setup: Json;
  /** With what the handle knew, where it came with one. */
  resumed: string[] | null;
  received: Json[];
}

const PATH = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';

export const LIVE_MODEL = 'gemini-live-test';

/** The usage of every turn: with all of its counts different. */
export const LIVE_USAGE = {
  promptTokenCount: 20,
  cachedContentTokenCount: 3,
  toolUsePromptTokenCount: 2,
  responseTokenCount: 7,
  thoughtsTokenCount: 5,
  totalTokenCount: 34,
  promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 20 }],
  responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 7 }],
};

/** Of a piece of noise: more than one event takes. */
export const LONG_BYTES = 60_000;

/**
 * A Live API that speaks BidiGenerateContent and fails on demand. Its model repeats what it was told, word by word; what
 * it is told by speech are the bytes of the recording, read as text. A turn may hold orders: `[hold]` stops in the
 * middle of the answer, `[call NAME JSON]` calls a tool first, `[late handle]` keeps the handle of the turn back, `[long N]`
 * begins with so many pieces of noise.
 */
export class LiveServer {
  readonly wires: LiveWire[] = [];
  /** Asked before each message. */
  fault: (moment: LiveMoment) => LiveFault = () => null;
  /** The HTTP status that every handshake is refused with. */
  refuseHandshake: number | null = null;
  /** Handles are no longer taken. */
  forgetful = false;
  timeLeft = '10s';
  private readonly handles = new Map<string, Known>();
  private readonly held = new Map<() => void, number>();
  private readonly sockets = new Set<WebSocket>();
  private readonly http = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    if (request.method !== 'GET' || !pathname.endsWith('/models')) return void response.writeHead(404).end('{}');
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        models: [
          { name: 'models/gemini-2.5-flash', supportedGenerationMethods: ['generateContent'] },
          { name: `models/${LIVE_MODEL}`, supportedGenerationMethods: ['bidiGenerateContent'] },
        ],
      }),
    );
  });
  private readonly server = new WebSocketServer({ noServer: true });

  static async start(): Promise<LiveServer> {
    const live = new LiveServer();
    live.http.on('upgrade', (request, socket, head) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      const status =
        live.refuseHandshake ?? (pathname !== PATH ? 404 : searchParams.get('key') !== 'test-key' ? 403 : 0);
      if (status) return void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      live.server.handleUpgrade(request, socket, head, (webSocket) => live.serve(webSocket));
    });
    live.http.listen(0, '127.0.0.1');
    await once(live.http, 'listening');
    return live;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** The environment of a server that shall talk to it. */
  get variables(): Record<string, string> {
    return { GEMINI_API_KEY: 'test-key', GEMINI_BASE_URL: this.url };
  }

  /** Lets every answer go on that stopped at `[hold]`. */
  release(): void {
    for (const go of [...this.held.keys()]) go();
  }

  get holding(): number {
    return this.held.size;
  }

  /** Whether the answer on the wire of this number, from 1, stopped at `[hold]`. */
  holds(wire: number): boolean {
    return [...this.held.values()].includes(wire);
  }

  /** Ends all connections without a word. */
  drop(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  get open(): number {
    return this.sockets.size;
  }

  reset(): void {
    this.wires.length = 0;
    this.fault = () => null;
    this.refuseHandshake = null;
    this.forgetful = false;
    this.held.clear();
  }

  async stop(): Promise<void> {
    this.drop();
    this.server.close();
    this.http.close();
    this.http.closeAllConnections();
  }

  private serve(socket: WebSocket): void {
    this.sockets.add(socket);
    const connection = new Conversation(this, socket);
    socket.on('message', (data) => connection.hear(JSON.parse(String(data)) as Json));
    socket.on('close', () => {
      this.sockets.delete(socket);
      connection.leave();
    });
    socket.on('error', () => {});
  }

  /** @internal */
  known(handle: string): Known | undefined {
    return this.forgetful ? undefined : this.handles.get(handle);
  }

  /** @internal */
  remember(known: Known): string {
    const handle = `handle-${this.handles.size + 1}`;
    this.handles.set(handle, { turns: [...known.turns] });
    return handle;
  }

  /** @internal */
  hold(wire: number): { promise: Promise<void>; go: () => void } {
    let go = () => {};
    const promise = new Promise<void>((resolve) => {
      go = () => {
        this.held.delete(go);
        resolve();
      };
      this.held.set(go, wire);
    });
    return { promise, go };
  }
}

class Conversation {
  private readonly wire: LiveWire = { setup: {}, resumed: null, received: [] };
  private readonly number: number;
  private known: Known = { turns: [] };
  private modality = 'AUDIO';
  private messages = 0;
  private heard = '';
  private written = '';
  private goesAway = false;
  /** Bumped by whatever interrupts an answer. */
  private answer = 0;
  private answering = false;
  private stopHolding: () => void = () => {};
  private called: ((result: string) => void) | null = null;

  constructor(
    private readonly server: LiveServer,
    private readonly socket: WebSocket,
  ) {
    this.number = server.wires.push(this.wire);
  }

  hear(message: Json): void {
    if (message.setup) {
      this.setUp(message.setup as Json);
      return;
    }
    this.wire.received.push(message);
    const content = message.clientContent as { turns?: Turn[]; turnComplete?: boolean } | undefined;
    const input = message.realtimeInput as { audio?: { data: string }; audioStreamEnd?: boolean } | undefined;
    const responses = (message.toolResponse as { functionResponses: { response: Json }[] } | undefined)
      ?.functionResponses;
    if (responses) {
      this.called?.(JSON.stringify(responses[0]?.response));
      return;
    }
    if (content) {
      const said =
        content.turns?.map((turn) => [turn.role, turn.parts.map(({ text }) => text).join('')] as const) ?? [];
      if (!content.turnComplete) {
        for (const [role, text] of said) {
          if (said.length > 1 || role === 'model') this.known.turns.push(`${role}: ${text}`);
          else this.written += text;
        }
        return;
      }
      const text = this.written + said.map(([, words]) => words).join('');
      this.written = '';
      this.interrupt();
      void this.reply(text, null);
      return;
    }
    if (input?.audio) {
      this.heard += Buffer.from(input.audio.data, 'base64').toString('utf8');
      if (this.answering) this.interrupt();
    }
    if (input?.audioStreamEnd && this.heard !== '') {
      const { heard } = this;
      this.heard = '';
      void this.reply(heard, heard);
    }
  }

  /** Nobody listens any more: an answer that stopped at `[hold]` does not count as held. */
  leave(): void {
    this.answer += 1;
    this.answering = false;
    this.stopHolding();
  }

  private setUp(setup: Json): void {
    this.wire.setup = setup;
    this.modality = ((setup.generationConfig as Json).responseModalities as string[])[0] ?? 'AUDIO';
    const { handle } = setup.sessionResumption as { handle?: string };
    const known = handle === undefined ? { turns: [] } : this.server.known(handle);
    if (!known) {
      this.socket.close(1008, 'BidiGenerateContent session not found');
      return;
    }
    if (handle !== undefined) this.wire.resumed = [...known.turns];
    this.known = { turns: [...known.turns] };
    this.send({ setupComplete: {} });
  }

  private async reply(text: string, transcript: string | null): Promise<void> {
    this.answer += 1;
    const { answer } = this;
    const isOver = () => this.answer !== answer;
    this.answering = true;
    if (transcript !== null) this.send({ serverContent: { inputTranscription: { text: transcript } } });
    const [, tool, args] = /\[call (\w+)(?: (\{.*\}))?\]/.exec(text) ?? [];
    let words = `I heard: ${text}`.split(/(?<= )/);
    if (tool) {
      const result = new Promise<string>((resolve) => {
        this.called = resolve;
      });
      this.send({
        toolCall: { functionCalls: [{ id: `call-${answer}`, name: tool, args: JSON.parse(args ?? '{"of":"Oslo"}') }] },
      });
      words = ['It says ', await result];
    }
    const long = Number(/\[long (\d+)\]/.exec(text)?.[1] ?? 0);
    for (let piece = 0; piece < long; piece++) this.play('.'.repeat(LONG_BYTES));
    for (const [index, word] of words.entries()) {
      if (isOver()) return;
      this.say(word);
      if (index === 1 && text.includes('[hold]')) {
        const { promise, go } = this.server.hold(this.number);
        this.stopHolding = go;
        await promise;
      }
    }
    if (isOver()) return;
    this.answering = false;
    this.known.turns.push(`user: ${text}`, `model: ${words.join('')}`);
    this.send({ serverContent: { generationComplete: true } });
    this.send({ serverContent: { turnComplete: true }, usageMetadata: LIVE_USAGE });
    if (!text.includes('[late handle]')) this.offerHandle();
  }

  private say(word: string): void {
    if (this.modality === 'TEXT') {
      this.send({ serverContent: { modelTurn: { parts: [{ text: word }] } } });
      return;
    }
    // One message may hold several things at once.
    this.play(word, { outputTranscription: { text: word } });
  }

  private play(word: string, more: Json = {}): void {
    const inlineData = { mimeType: 'audio/pcm;rate=24000', data: Buffer.from(word).toString('base64') };
    this.send({ serverContent: { modelTurn: { parts: [{ inlineData }] }, ...more } });
  }

  private interrupt(): void {
    if (!this.answering) return;
    this.answer += 1;
    this.answering = false;
    this.stopHolding();
    this.send({ serverContent: { interrupted: true } });
    this.send({ serverContent: { turnComplete: true } });
    this.offerHandle();
  }

  private offerHandle(): void {
    this.send({ sessionResumptionUpdate: { resumable: true, newHandle: this.server.remember(this.known) } });
  }

  private send(body: Json): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const fault = this.server.fault({ connection: this.number, message: this.messages, body });
    this.messages += 1;
    switch (fault) {
      case 'drop':
        this.socket.terminate();
        return;
      case 'close':
        this.socket.close(1011, 'Internal error');
        return;
      case 'garbage':
        this.socket.send('{"serverContent":');
        return;
      case 'go_away':
        if (!this.goesAway) this.socket.send(JSON.stringify({ goAway: { timeLeft: this.server.timeLeft } }));
        this.goesAway = true;
        break;
      case null:
        break;
    }
    this.socket.send(JSON.stringify(body));
  }
}
