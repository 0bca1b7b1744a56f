import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { buildSchema, GraphQLError, graphql } from 'graphql';
import { useServer as serveSockets } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

/** As the real server prints it: what the client asks for is checked against what there is. */
const schema = buildSchema(readFileSync(new URL('../supergraph.graphql', import.meta.url), 'utf8'), {
  assumeValid: true,
});

const ADA = { __typename: 'User', id: 'ada', name: 'Ada' };
const ECHO = { __typename: 'Agent', id: 'echo', name: 'Echo', description: 'Says it again.' };
const PASSWORD = 'correct';

const refuse = (code: string, message: string) => new GraphQLError(message, { extensions: { code } });

type Event = Record<string, unknown>;

/**
 * A server with one room whose agent says again what it hears, a word at a time. What it keeps outlives `restart`, and the
 * agent goes on while nobody is connected.
 */
export class ToyChat {
  /** The log of the room; an event's cursor is its place in it. */
  readonly events: Event[] = [];
  readonly messages: Record<string, unknown>[] = [];
  /** Each idempotency key with what it did. */
  readonly sent = new Map<string, { message: Event; run: Event }>();
  /** The bytes of what was uploaded, by its id. */
  readonly uploads = new Map<string, Buffer>();
  private readonly files = new Map<string, object>();
  /** Messages that are taken and then left without an answer. */
  answersToLose = 0;
  /** Renewals of a session that are done and then left without an answer. */
  renewalsToLose = 0;
  /** How long an access token is good for, in milliseconds. */
  tokenLifetime = 600_000;
  /** Words that are held back until `release`. */
  private gate: Promise<void> | null = null;
  private opening: () => void = () => {};
  private readonly accessTokens = new Set<string>();
  private readonly refreshTokens = new Set<string>();
  /** Each idempotency key with the session that it was answered with. */
  private readonly renewed = new Map<string, ReturnType<ToyChat['openSession']>>();
  private readonly cancelled = new Set<string>();
  private readonly readers = new Set<() => void>();
  private ids = 0;
  /** Refresh tokens that were used a second time. */
  replays = 0;
  private port = 0;
  private server: Server | null = null;
  private closeSockets: () => Promise<void> = async () => {};

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Lets the agent's words wait. */
  hold(): void {
    this.gate = new Promise((resolve) => {
      this.opening = resolve;
    });
  }

  release(): void {
    this.gate = null;
    this.opening();
  }

  async start(): Promise<void> {
    const server = createServer(async (request, response) => {
      if (request.url === '/uploads') return this.take(request, response);
      const { query, variables } = JSON.parse(await text(request));
      const { authorization = '', 'idempotency-key': key = '' } = request.headers;
      const contextValue = { authorization, key: String(key) };
      const result = await graphql({
        schema,
        rootValue: this.root,
        source: query,
        variableValues: variables,
        contextValue,
      });
      if (this.answersToLose > 0 && query.includes('sendMessage')) {
        this.answersToLose -= 1;
        request.socket.destroy();
        return;
      }
      if (this.renewalsToLose > 0 && query.includes('refreshSession')) {
        this.renewalsToLose -= 1;
        request.socket.destroy();
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(result));
    });
    const sockets = new WebSocketServer({ server, path: '/graphql' });
    const graphqlWs = serveSockets(
      {
        schema,
        roots: { subscription: this.root },
        onConnect: ({ connectionParams }) => this.knows(String(connectionParams?.authorization)),
      },
      sockets,
    );
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
    this.closeSockets = async () => {
      for (const socket of sockets.clients) socket.terminate();
      await graphqlWs.dispose();
    };
  }

  /** As after `kill -9`: connections are cut, not closed. */
  async stop(): Promise<void> {
    await this.closeSockets();
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private readonly root = {
    viewer: () => ({ user: ADA, organization: { name: 'Engines' } }),
    conversations: () => ({ edges: [{ node: this.room }] }),
    conversation: (_: unknown, { authorization }: { authorization: string }) => {
      if (!this.knows(authorization)) throw refuse('UNAUTHENTICATED', 'Log in first.');
      return this.room;
    },
    agents: () => ({ edges: [{ node: ECHO }] }),
    approvals: () => ({ edges: [] }),
    logIn: ({ input }: { input: { password: string } }) => {
      if (input.password !== PASSWORD) throw refuse('UNAUTHENTICATED', 'E-mail or password is wrong.');
      return this.openSession();
    },
    refreshSession: ({ input }: { input: { refreshToken: string } }, { key }: { key: string }) => {
      const known = this.renewed.get(key);
      if (known) return known;
      if (!this.refreshTokens.delete(input.refreshToken)) {
        this.replays += 1;
        throw refuse('UNAUTHENTICATED', 'The session has ended.');
      }
      const session = this.openSession();
      if (key) this.renewed.set(key, session);
      return session;
    },
    logOut: () => ({ sessionId: 'session' }),
    createConversation: () => ({ conversation: this.room }),
    sendMessage: ({ input }: { input: { text: string; attachmentIds?: string[] } }, { key }: { key: string }) => {
      const known = this.sent.get(key);
      if (known) return known;
      const attachments = (input.attachmentIds ?? []).map((id) => this.files.get(id));
      const message = { id: this.newId(), status: 'COMPLETE', text: input.text, author: ADA, attachments };
      const run = { id: this.newId(), state: 'QUEUED', error: null, waitingFor: null, agent: ECHO };
      this.sent.set(key, { message, run });
      this.messages.push(message);
      this.append({ __typename: 'MessageAdded', message }, { __typename: 'RunStateChanged', run });
      void this.answer(run.id, input.text);
      return { message, run };
    },
    markRead: () => ({ conversation: this.room }),
    cancelRun: ({ input }: { input: { runId: string } }) => {
      this.cancelled.add(input.runId);
      this.release();
      return { run: { id: input.runId, state: 'CANCELLED', error: null } };
    },
    conversationEvents: ({ after }: { after: string }) => this.follow(Number(after)),
  };

  private get room() {
    const messages = { edges: this.messages.map((node) => ({ node })) };
    const cursor = String(this.events.length);
    const nothing = { runs: { edges: [] }, takeovers: [], unreadCount: 0 };
    return { id: 'lobby', title: 'Lobby', cursor, participants: [ADA, ECHO], messages, ...nothing };
  }

  private async *follow(after: number) {
    for (let next = after; ; next += 1) {
      while (next >= this.events.length) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            this.readers.delete(wake);
            resolve();
          };
          this.readers.add(wake);
        });
      }
      yield { conversationEvents: this.events[next] };
    }
  }

  private async answer(runId: string, said: string): Promise<void> {
    const id = this.newId();
    let message = { id, status: 'STREAMING', text: '', author: ECHO, attachments: [] as object[] };
    this.append({
      __typename: 'RunStateChanged',
      run: { id: runId, state: 'RUNNING', error: null, waitingFor: null, agent: ECHO },
    });
    this.append({ __typename: 'MessageAdded', message });
    for (const word of said.split(/(?<= )/)) {
      await (this.gate ?? wait(2));
      if (this.cancelled.has(runId)) break;
      message = { ...message, text: message.text + word };
      this.append({ __typename: 'MessageDelta', messageId: id, attempt: 1, text: word });
    }
    if (said.startsWith('draw')) {
      const url = '/attachments/drawn?signature=x';
      const drawn = {
        id: 'drawn',
        fileName: 'picture.png',
        mimeType: 'image/png',
        byteSize: 9,
        width: 3,
        height: 2,
        url,
      };
      message = { ...message, attachments: [drawn] };
      this.append({ __typename: 'MessageAttachmentAdded', messageId: id, attachment: drawn });
    }
    const isCut = this.cancelled.has(runId);
    const fails = said.startsWith('fail');
    const state = isCut ? 'CANCELLED' : fails ? 'FAILED' : 'SUCCEEDED';
    const error = fails ? { code: 'MODEL_UNAVAILABLE', message: 'The model did not answer.', retryable: true } : null;
    const final = { ...message, status: isCut ? 'CANCELLED' : fails ? 'FAILED' : 'COMPLETE' };
    this.messages.push(final);
    this.append({ __typename: 'MessageCompleted', message: final });
    this.append({ __typename: 'RunStateChanged', run: { id: runId, state, error, waitingFor: null, agent: ECHO } });
  }

  /** Takes a file as the body of a request. */
  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const bytes = await buffer(request);
    if (!this.knows(String(request.headers.authorization))) {
      answer(401, { errors: [{ message: 'Log in first.', extensions: { code: 'UNAUTHENTICATED' } }] });
      return;
    }
    const fileName = decodeURIComponent(String(request.headers['x-file-name']));
    if (fileName.endsWith('.exe')) {
      answer(400, { errors: [{ message: 'It is of the type x-exe.', extensions: { code: 'BAD_USER_INPUT' } }] });
      return;
    }
    const id = this.newId();
    const sizes = { byteSize: bytes.length, width: null, height: null };
    const file = { id, fileName, mimeType: 'text/plain', ...sizes, url: `/attachments/${id}?signature=x` };
    this.uploads.set(id, bytes);
    this.files.set(id, file);
    answer(201, { attachment: file });
  }

  private append(...events: Event[]): void {
    for (const event of events) this.events.push({ ...event, cursor: String(this.events.length + 1) });
    for (const wake of [...this.readers]) wake();
  }

  private openSession() {
    const accessToken = this.newId();
    const refreshToken = this.newId();
    this.accessTokens.add(`Bearer ${accessToken}`);
    this.refreshTokens.add(refreshToken);
    return { accessToken, refreshToken, expiresAt: new Date(Date.now() + this.tokenLifetime).toISOString() };
  }

  private knows(authorization: string): boolean {
    return this.accessTokens.has(authorization) || authorization === 'Bearer pk_key';
  }

  private newId(): string {
    this.ids += 1;
    return `id-${this.ids}`;
  }
}
