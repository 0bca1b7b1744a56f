import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { processesIn } from '#server/process.fixture';
import { TestClient } from '#test/support/client';
import { createTestDatabase } from '#test/support/database';
import { endAll, type ParleyProcess, startParley } from './parley-process.fixture.ts';

// Each test starts whole servers, which takes long where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

const BOOT_MS = 120_000;

/** A data folder that PostgreSQL's own user can reach where the tests run as root. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-first-'));
  await chmod(folder, 0o755);
  return folder;
}

async function start(folder: string, variables: Record<string, string> = {}): Promise<ParleyProcess> {
  const server = startParley({ PARLEY_DATA: folder, PORT: '0', LOG_LEVEL: 'warn', ...variables });
  await server.ready();
  return server;
}

interface Session {
  logIn: {
    viewer: { user: { email: string }; role: { name: string } };
  };
}

async function logIn(server: ParleyProcess, email: string, password: string) {
  const client = new TestClient(server.url());
  const { logIn: session } = await client.request<Session & { logIn: { accessToken: string } }>(
    `mutation ($input: LogInInput!) {
      logIn(input: $input) { accessToken viewer { user { email } role { name } } }
    }`,
    { input: { email, password } },
  );
  return { ...session, client: client.as(session.accessToken) };
}

const titles = async (client: TestClient) => {
  const { conversations, agents } = await client.request<{
    conversations: { nodes: { title: string }[] };
    agents: { nodes: { name: string }[] };
  }>('{ conversations { nodes { title } } agents { nodes { name } } }');
  return { rooms: conversations.nodes.map(({ title }) => title), agents: agents.nodes.map(({ name }) => name) };
};

const passwordIn = (output: string) => /password {3}(\S+)/.exec(output)?.[1];

describe('the first start, and those after it', () => {
  let folder: string;
  let server: ParleyProcess;
  let password: string;

  beforeAll(async () => {
    folder = await makeFolder();
    server = await start(folder);
  }, BOOT_MS);

  afterAll(async () => {
    await endAll();
    await rm(folder, { recursive: true, force: true });
  });

  it('says where everything is, and the password of an owner who finds an agent and a room', async () => {
    const base = server.url().replace('127.0.0.1', 'localhost');
    for (const path of ['/graphql', '/graphiql', '/readyz']) expect(server.output()).toContain(`${base}${path}`);
    expect(server.output()).toContain(`${base.replace('http', 'ws')}/graphql`);
    expect(server.output()).toContain(folder);
    password = passwordIn(server.output()) ?? '';
    expect(password.length).toBeGreaterThan(12);
    const { viewer, client } = await logIn(server, 'owner@parley.local', password);
    expect(viewer.user.email).toBe('owner@parley.local');
    expect(await titles(client)).toEqual({ rooms: ['Welcome'], agents: ['Assistant'] });
    expect((await fetch(`${server.url()}/readyz`)).status).toBe(200);
  });

  it('answers the first operations of the README as they are written there', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const [query = '', subscription = '', mutation = ''] = [...readme.matchAll(/```graphql\n(.+?)```/gs)].map(
      ([, operation = '']) => operation,
    );
    const { client } = await logIn(server, 'owner@parley.local', password);
    const { conversations } = await client.request<{
      conversations: { nodes: { id: string; title: string; cursor: string; participants: { name: string }[] }[] };
    }>(query);
    const [room] = conversations.nodes;
    expect(room?.title).toBe('Welcome');
    expect(room?.participants.map(({ name }) => name).sort()).toEqual(['Assistant', 'Owner']);

    const variables = { room: room?.id };
    const events: { __typename: string; text?: string; message?: { text?: string; author?: { name: string } } }[] = [];
    const socket = client.socket();
    await new Promise<void>((resolve, reject) => {
      socket.subscribe<{ conversationEvents: (typeof events)[number] }>(
        { query: subscription, variables: { ...variables, after: room?.cursor } },
        {
          next: ({ data, errors }) => {
            if (!data) return reject(new Error(JSON.stringify(errors)));
            events.push(data.conversationEvents);
            const { __typename, message } = data.conversationEvents;
            if (__typename === 'MessageCompleted' && message?.text !== undefined) resolve();
            return undefined;
          },
          error: reject,
          complete: () => reject(new Error('The stream ended.')),
        },
      );
      client.request(mutation, variables).catch(reject);
    });
    await client.close();
    const authors = events.flatMap(({ message }) => message?.author?.name ?? []);
    expect(authors).toEqual(['Owner', 'Assistant']);
    const deltas = events.flatMap(({ __typename, text }) => (__typename === 'MessageDelta' ? [text] : []));
    expect(events.findLast(({ __typename }) => __typename === 'MessageCompleted')?.message?.text).toBe(deltas.join(''));
  }, 60_000);

  it('keeps its secrets to itself, and the password nowhere', async () => {
    expect((await stat(join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, 'secrets.json'), 'utf8')).not.toContain(password);
    await expect(stat(join(folder, 'owner-password'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('holds its data folder against a second server', async () => {
    const second = startParley({ PARLEY_DATA: folder, PORT: '0' });
    expect(await second.exitCode()).toBe(1);
    expect(second.errors()).toContain(`Parley already runs on the data folder ${folder} (process ${server.pid}, http`);
    expect(second.errors()).not.toMatch(/ at .+:\d+:\d+/);
    await logIn(server, 'owner@parley.local', password);
  });

  it('stops at Ctrl-C with everything that it started', async () => {
    expect((await processesIn(folder)).length).toBeGreaterThan(0);
    expect(await server.end('SIGINT')).toBe(0);
    expect(server.output()).toMatch(/Stopping\. .+\nParley has stopped\.\n$/);
    expect(await processesIn(folder)).toEqual([]);
  });

  it(
    'finds everything again at the second start, and tells no password',
    async () => {
      server = await start(folder, { PARLEY_OWNER_PASSWORD: 'not the one that was made', LOG_LEVEL: 'info' });
      // Nothing but where to find it: what the libraries have to say is for whoever looks for a fault.
      expect(server.output()).toMatch(/^\s+Parley is ready .+\n/);
      expect(server.output()).not.toContain('"level"');
      expect(server.errors()).toBe('');
      expect(passwordIn(server.output())).toBeUndefined();
      const { client } = await logIn(server, 'owner@parley.local', password);
      expect(await titles(client)).toEqual({ rooms: ['Welcome'], agents: ['Assistant'] });
    },
    BOOT_MS,
  );

  it(
    'stops with all of it where its terminal is closed',
    async () => {
      expect(await server.end('SIGHUP')).toBe(0);
      expect(await processesIn(folder)).toEqual([]);
      server = await start(folder);
    },
    BOOT_MS,
  );

  it(
    'recovers from a kill -9',
    async () => {
      await server.end('SIGKILL');
      server = await start(folder);
      const { client } = await logIn(server, 'owner@parley.local', password);
      expect(await titles(client)).toEqual({ rooms: ['Welcome'], agents: ['Assistant'] });
      expect(await server.end('SIGTERM')).toBe(0);
      expect(await processesIn(folder)).toEqual([]);
    },
    BOOT_MS,
  );
});

describe('a first start that was cut off', () => {
  it(
    'is gone on with: the owner has the password that is told, one agent and one room',
    async () => {
      const database = await createTestDatabase(inject('adminUrl'));
      const pool = new pg.Pool({ connectionString: database.url, max: 1 });
      const [folder, elsewhere] = [await makeFolder(), await makeFolder()];
      try {
        const first = await start(folder, { DATABASE_URL: database.url });
        await first.end('SIGKILL');
        // As if it had been killed after the owner, the agent and the room were there, and before it had noted that.
        const { rowCount } = await pool.query(`delete from settings where key = 'installation'`);
        expect(rowCount).toBe(1);
        const second = await start(elsewhere, { DATABASE_URL: database.url });
        const { client } = await logIn(second, 'owner@parley.local', passwordIn(second.output()) ?? '');
        expect(await titles(client)).toEqual({ rooms: ['Welcome'], agents: ['Assistant'] });
        await client.close();
      } finally {
        await endAll();
        await pool.end();
        await database.drop();
        for (const each of [folder, elsewhere]) await rm(each, { recursive: true, force: true });
      }
    },
    BOOT_MS,
  );
});

describe('a first start that is told who owns it', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await makeFolder();
  });

  afterAll(async () => {
    await endAll();
    await rm(folder, { recursive: true, force: true });
  });

  it(
    'takes e-mail and password from the environment and prints neither',
    async () => {
      const secret = 'a password of my own';
      const server = await start(folder, {
        PARLEY_OWNER_EMAIL: 'Ada@Example.com',
        PARLEY_OWNER_PASSWORD: secret,
      });
      expect(server.output()).not.toContain(secret);
      const { viewer } = await logIn(server, 'ada@example.com', secret);
      expect(viewer.role.name).toBe('Owner');
      expect(await server.end('SIGTERM')).toBe(0);
    },
    BOOT_MS,
  );
});
