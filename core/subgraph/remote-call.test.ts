import { once } from 'node:events';
import { createServer } from 'node:net';
import { buildSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import WebSocket from 'ws';
import { Directory } from '#core/directory/directory';
import { newId } from '#core/id';
import { createLog } from '#core/log';
import { createMetrics } from '#core/metrics';
import type { Viewer } from '#core/viewer';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { createEnvelopeSigner, ENVELOPE_HEADER } from './envelope-token.ts';
import { SubgraphExecutor } from './executor.ts';
import type { RequestEnvelope } from './operation.ts';
import { RemoteCaller } from './remote-call.ts';
import { type SubgraphServer, serveSubgraphs } from './serve.ts';

const log = createLog({ level: 'silent', pretty: false });
const signer = createEnvelopeSigner(Buffer.alloc(32, 1).toString('base64url'));
const stranger = createEnvelopeSigner(Buffer.alloc(32, 2).toString('base64url'));

const viewer: Viewer = {
  userId: 'a-user',
  orgId: 'an-org',
  userKind: 'HUMAN',
  role: 'OWNER',
  permissions: [],
  credential: { kind: 'SESSION', id: 'a-session', expiresAt: null },
};
const envelope: RequestEnvelope = {
  requestId: 'a-request',
  viewer,
  client: { ip: null, userAgent: null },
  idempotencyKey: null,
};

/** Says who asks, and how often anybody did. */
function createToy() {
  const schema = buildSchema('type Query { who: String } type Subscription { who: String }');
  let calls = 0;
  const field = schema.getQueryType()?.getFields().who;
  if (!field) throw new Error('the toy has no field');
  field.resolve = (_source, _args, context) => {
    calls += 1;
    return `${context.viewer?.userId} of ${context.viewer?.orgId}, ${context.requestId}`;
  };
  return { executor: new SubgraphExecutor('toy', schema, log), calls: () => calls };
}

describe('a subgraph in another process', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let directory: Directory;
  let closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    database = await createTestDatabase(inject('adminUrl'));
    pool = new pg.Pool({ connectionString: database.url });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('truncate service_instances');
    directory = new Directory({ pool, log, self: { id: newId(), roles: ['gateway'], url: null, version: 'test' } });
  });

  afterEach(async () => {
    await Promise.all(closing.map((close) => close()));
    closing = [];
  });

  const announce = async (url: string) => {
    const other = new Directory({ pool, log, self: { id: newId(), roles: ['agents'], url, version: 'test' } });
    await other.beat();
    await directory.beat();
  };
  const serve = async () => {
    const toy = createToy();
    const executors = new Map([['agents', toy.executor]]);
    const server: SubgraphServer = await serveSubgraphs({
      executors,
      doors: new Map(),
      metrics: createMetrics(),
      metricsToken: undefined,
      signer,
      log,
      host: '127.0.0.1',
      port: 0,
    });
    closing.push(() => server.close());
    return { ...toy, url: server.url };
  };
  /** Takes connections and never answers. */
  const hang = async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(async () => void server.close());
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  };
  const open = (by = signer, timeoutMs = 10_000) => {
    const caller = new RemoteCaller({ directory, signer: by, timeoutMs });
    closing.push(() => caller.close());
    return caller;
  };

  it('learns who asks from the signed envelope', async () => {
    await announce((await serve()).url);
    const result = await open().call('agents', { query: '{ who }', envelope });
    expect(result).toEqual({ data: { who: 'a-user of an-org, a-request' } });
  });

  it('answers nobody else', async () => {
    const { url, calls } = await serve();
    await announce(url);
    await expect(open(stranger).call('agents', { query: '{ who }', envelope })).rejects.toMatchObject({
      extensions: { code: 'UNAVAILABLE' },
      cause: expect.objectContaining({ message: expect.stringContaining('PARLEY_SECRET') }),
    });
    const unsigned = { '': 'no header', [ENVELOPE_HEADER]: 'not a token' };
    for (const [name, value] of Object.entries(unsigned)) {
      const response = await fetch(`${url}/subgraphs/agents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(name && { [name]: value }) },
        body: JSON.stringify({ query: '{ who }' }),
      });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
    expect(calls()).toBe(0);
  });

  it('answers nobody else over a WebSocket either', async () => {
    const { url } = await serve();
    const socket = createClient({
      url: `${url.replace('http', 'ws')}/subgraphs/agents`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    closing.push(async () => void (await socket.dispose()));
    const token = await stranger.sign(envelope);
    for (const extensions of [undefined, { envelope: token }]) {
      const error = await new Promise<unknown>((resolve) => {
        socket.subscribe(
          { query: 'subscription { who }', ...(extensions && { extensions }) },
          { next: () => {}, complete: () => resolve('complete'), error: resolve },
        );
      });
      expect(error).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
  });

  it('is found where its successor has registered since the last look', async () => {
    await announce('http://127.0.0.1:1');
    const { url } = await serve();
    const self = { id: newId(), roles: ['agents'], url, version: 'test' };
    await new Directory({ pool, log, self }).beat();
    const result = await open().call('agents', { query: '{ who }', envelope });
    expect(result).toEqual({ data: { who: 'a-user of an-org, a-request' } });
  });

  it('is asked elsewhere where nothing listens any more, and the call is not made twice', async () => {
    const gone = await serve();
    await announce(gone.url);
    await Promise.all(closing.splice(0).map((close) => close()));
    const there = await serve();
    await announce(there.url);
    const caller = open();
    for (let turn = 0; turn < 4; turn++) {
      expect(await caller.call('agents', { query: '{ who }', envelope })).toHaveProperty('data.who');
    }
    expect(there.calls()).toBe(4);
  });

  it('is given up in time where it hangs, and passed over then', async () => {
    await announce(await hang());
    const caller = open(signer, 200);
    const refusal = { extensions: { code: 'UNAVAILABLE' } };
    await expect(caller.call('agents', { query: '{ who }', envelope })).rejects.toMatchObject(refusal);
    const there = await serve();
    await announce(there.url);
    for (let turn = 0; turn < 3; turn++) await caller.call('agents', { query: '{ who }', envelope });
    expect(there.calls()).toBe(3);
  });

  it('is not held to be down because a caller went away', async () => {
    const hanging = await hang();
    await announce(hanging);
    const abort = new AbortController();
    const call = open().call('agents', { query: '{ who }', envelope }, abort.signal);
    abort.abort();
    await expect(call).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
    await announce((await serve()).url);
    expect([1, 2].map(() => directory.urlOf('agents'))).toContain(hanging);
  });

  it('is refused at once where nobody serves it', async () => {
    await expect(open().call('agents', { query: '{ who }', envelope })).rejects.toMatchObject({
      extensions: { code: 'UNAVAILABLE' },
      message: expect.stringContaining('agents'),
    });
  });
});
