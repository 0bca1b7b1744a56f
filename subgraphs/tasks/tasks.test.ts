import type { ServerResponse } from 'node:http';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { Outside } from '#core/outbound/outside.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { AT_ONCE, createTask, readTask, taskEnd, taskWhen } from './tasks.fixture.ts';

let test: TestServer;
let outside: Outside;
let owner: Person;
let member: Person;
let answer: (response: ServerResponse, attempt: number) => void;

const CANCEL = 'mutation ($input: CancelTaskInput!) { cancelTask(input: $input) { task { id state } } }';
const REPLAY = `mutation ($input: ReplayDeadLettersInput!) {
  replayDeadLetters(input: $input) { replayedCount jobs { id state } } }`;

beforeAll(async () => {
  const attempts = new Map<string, number>();
  outside = await Outside.start((request, response) => {
    const path = request.url ?? '';
    const attempt = (attempts.get(path) ?? 0) + 1;
    attempts.set(path, attempt);
    answer(response, attempt);
  });
  atFileEnd(() => outside.stop());
  test = await startTestServer({ OUTBOUND_ALLOW: '127.0.0.1' });
  owner = await test.seed.owner();
  member = await test.seed.member(owner);
}, 120_000);

beforeEach(() => {
  answer = (response) => response.end('done');
});

const urlOf = (name: string) => `http://127.0.0.1:${outside.port}/${name}`;
const callsOf = (name: string) => outside.requests.filter(({ url }) => url === `/${name}`);
const webhook = (name: string, policy: object = {}, more: object = {}) => ({
  kind: 'CALL_WEBHOOK',
  input: { url: urlOf(name), body: { of: name } },
  policy: { backoff: AT_ONCE, ...policy },
  ...more,
});
const refuse =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end('token=abcdefgh no');

describe('a task', { timeout: 60_000 }, () => {
  it('is stored when it is accepted, done, and shown with all that was done for it', async () => {
    const name = newId();
    const accepted = await createTask(owner.client, webhook(name));
    expect(accepted).toMatchObject({ kind: 'CALL_WEBHOOK', output: null, error: null });
    const done = await taskEnd(owner.client, accepted.id);
    expect(done).toMatchObject({ state: 'SUCCEEDED', output: { status: 200, body: 'done' }, jobs: { totalCount: 1 } });
    const [job] = done.jobs.nodes;
    expect(job).toMatchObject({ state: 'SUCCEEDED', attempt: 1, executions: { nodes: [{ state: 'SUCCEEDED' }] } });
    expect(job?.executions.nodes[0]?.logs.nodes).toEqual([{ level: 'INFO', text: 'The server answered 200.' }]);
    const [call, ...others] = callsOf(name);
    expect(others).toEqual([]);
    expect(call).toMatchObject({ method: 'POST', body: JSON.stringify({ of: name }) });
    expect(call?.headers['idempotency-key']).toContain(job?.id);
  });

  it('is tried again after what may pass, under one idempotency key, and not after what is final', async () => {
    const name = newId();
    answer = (response, attempt) => (attempt < 3 ? refuse(attempt === 1 ? 503 : 429)(response) : response.end('{}'));
    const { id } = await createTask(owner.client, webhook(name));
    const [job] = (await taskEnd(owner.client, id)).jobs.nodes;
    expect(job).toMatchObject({ state: 'SUCCEEDED', attempt: 3, error: null });
    expect(job?.executions.nodes.map(({ state, error }) => [state, error?.code])).toEqual([
      ['FAILED', 'HTTP_503'],
      ['FAILED', 'HTTP_429'],
      ['SUCCEEDED', undefined],
    ]);
    expect(new Set(callsOf(name).map(({ headers }) => headers['idempotency-key'])).size).toBe(1);

    answer = refuse(404);
    const final = await createTask(owner.client, webhook(`${name}-final`));
    const failed = await taskEnd(owner.client, final.id);
    expect(failed).toMatchObject({ state: 'FAILED', error: { code: 'HTTP_404', retryable: false } });
    expect(failed.jobs.nodes).toMatchObject([{ state: 'DEAD', attempt: 1 }]);
    expect(JSON.stringify(failed)).toContain('token=[secret] no');
  });

  it('follows its policy: which errors, what to do instead, how long', async () => {
    answer = refuse(404);
    const named = await createTask(owner.client, webhook(newId(), { attempts: 2, retryOn: ['HTTP_404'] }));
    const instead = await createTask(
      owner.client,
      webhook(newId(), { onFailure: 'DEFAULT_VALUE', defaultValue: { none: true } }),
    );
    expect((await taskEnd(owner.client, named.id)).jobs.nodes).toMatchObject([{ state: 'DEAD', attempt: 2 }]);
    expect(await taskEnd(owner.client, instead.id)).toMatchObject({
      state: 'SUCCEEDED',
      output: { none: true },
      jobs: { nodes: [{ recovered: 'DEFAULT_VALUE', error: { code: 'HTTP_404' } }] },
    });

    answer = () => {};
    const slow = await createTask(owner.client, webhook(newId(), { attempts: 2, attemptTimeoutMs: 300 }));
    const [job] = (await taskEnd(owner.client, slow.id)).jobs.nodes;
    expect(job).toMatchObject({ state: 'DEAD', error: { code: 'TIMED_OUT' } });
    expect(job?.executions.nodes.map(({ state }) => state)).toEqual(['TIMED_OUT', 'TIMED_OUT']);
    const late = await createTask(owner.client, webhook(newId(), { totalTimeoutMs: 500 }));
    expect(await taskEnd(owner.client, late.id)).toMatchObject({ state: 'FAILED', error: { code: 'EXPIRED' } });
  });

  it('reaches nothing of this network, and keeps no credential', async () => {
    const inside = { kind: 'CALL_WEBHOOK', input: { url: 'http://169.254.169.254/' } };
    const { id } = await createTask(owner.client, inside);
    expect(await taskEnd(owner.client, id)).toMatchObject({ state: 'FAILED', error: { code: 'OUTBOUND_REFUSED' } });
    const create = 'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }';
    const headers = { Authorization: 'Bearer x' };
    const refusal = await owner.client.refusal(create, {
      input: { kind: 'CALL_WEBHOOK', input: { url: 'https://example.com/', headers } },
    });
    expect(refusal.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'input.input.headers.Authorization' }],
    });
  });

  it('of the key of one that is not over is that one', async () => {
    answer = () => {};
    const dedupeKey = newId();
    const ask = () => createTask(owner.client, webhook(dedupeKey, {}, { dedupeKey }));
    const made = await Promise.all(Array.from({ length: 8 }, ask));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    const id = made[0]?.id ?? '';
    await owner.client.request(CANCEL, { input: { taskId: id } });
    await taskEnd(owner.client, id);
    answer = (response) => response.end();
    const next = await ask();
    expect(next.id).not.toBe(id);
    await taskEnd(owner.client, next.id);
  });

  it('is cancelled before it begins, and in the middle of it', async () => {
    answer = () => {};
    const waiting = await createTask(
      owner.client,
      webhook(newId(), {}, { startAfter: new Date(Date.now() + 3_600_000).toISOString() }),
    );
    const cancelled = await owner.client.request(CANCEL, { input: { taskId: waiting.id } });
    expect(cancelled).toMatchObject({ cancelTask: { task: { state: 'CANCELLED' } } });
    const busy = await createTask(owner.client, webhook(newId()));
    await taskWhen(owner.client, busy.id, ({ jobs }) => jobs.nodes[0]?.state === 'RUNNING');
    await owner.client.request(CANCEL, { input: { taskId: busy.id } });
    expect(await taskEnd(owner.client, busy.id)).toMatchObject({
      state: 'CANCELLED',
      jobs: { nodes: [{ state: 'CANCELLED', executions: { nodes: [{ state: 'CANCELLED' }] } }] },
    });
  });
});

describe('dead letters', { timeout: 60_000 }, () => {
  it('are listed and begun anew: some, those that fit, all', async () => {
    const person = await test.seed.member(owner);
    answer = refuse(500);
    const names = [newId(), newId(), newId(), newId()];
    const made = await Promise.all(names.map((name) => createTask(person.client, webhook(name, { attempts: 1 }))));
    for (const { id } of made) await taskEnd(person.client, id);
    const list = async (filter: object = {}) => {
      const { deadLetters } = await person.client.request<{ deadLetters: { nodes: { id: string; taskId: string }[] } }>(
        'query ($filter: DeadLetterFilter) { deadLetters(filter: $filter) { nodes { id taskId } } }',
        { filter },
      );
      return deadLetters.nodes;
    };
    const dead = await list();
    expect(dead.map(({ taskId }) => taskId).sort()).toEqual(made.map(({ id }) => id).sort());
    expect(await list({ codes: ['HTTP_500'], taskIds: [made[1]?.id] })).toHaveLength(1);
    expect(await list({ codes: ['HTTP_404'] })).toEqual([]);

    answer = (response) => response.end('now');
    const replay = (input: object) =>
      person.client.request<{ replayDeadLetters: { replayedCount: number } }>(REPLAY, { input });
    const countOf = async (input: object) => (await replay(input)).replayDeadLetters.replayedCount;
    expect(await countOf({ jobIds: [dead[0]?.id] })).toBe(1);
    expect(await countOf({ filter: { taskIds: [dead[1]?.taskId] } })).toBe(1);
    expect(await countOf({ all: true })).toBe(2);
    for (const { id } of made) {
      expect(await taskEnd(person.client, id)).toMatchObject({
        state: 'SUCCEEDED',
        error: null,
        jobs: { nodes: [{ state: 'SUCCEEDED', attempt: 2 }] },
      });
    }
    expect(await countOf({ all: true })).toBe(0);
    const refusal = await person.client.refusal(REPLAY, { input: { jobIds: [dead[0]?.id] } });
    expect(refusal.extensions.code).toBe('NOT_FOUND');
  });
});

describe('an agent that is run', { timeout: 60_000 }, () => {
  const run = (agentId: string, more: object = {}, policy: object = {}) => ({
    kind: 'RUN_AGENT',
    input: { agentId, text: 'Hello', ...more },
    policy: { backoff: AT_ONCE, ...policy },
  });

  it('answers in a room of its own; the run is part of the attempt, its answer the output', async () => {
    const agent = await test.seed.agent(owner);
    const { id } = await createTask(member.client, run(agent.id));
    const done = await taskEnd(member.client, id);
    expect(done).toMatchObject({ state: 'SUCCEEDED', output: { state: 'SUCCEEDED' } });
    const output = done.output as { text: string; runId: string; conversationId: string };
    expect(output.text).not.toBe('');
    expect(done.jobs.nodes[0]?.executions.nodes[0]?.run).toEqual({ id: output.runId, state: 'SUCCEEDED' });
    const { conversation } = await member.client.request<{
      conversation: { messages: { nodes: { text: string; author: { name: string } }[] } };
    }>(
      'query ($id: ID!) { conversation(id: $id) { messages { nodes { text author { ... on User { name } ... on Agent { name } } } } } }',
      {
        id: output.conversationId,
      },
    );
    expect(conversation.messages.nodes).toEqual([
      { text: 'Hello', author: { name: member.name } },
      { text: output.text, author: { name: 'Ada' } },
    ]);
  });

  it('answers in a given room, where whoever it is for may write', async () => {
    const agent = await test.seed.agent(owner);
    const room = await test.seed.room(member, { agents: [agent] });
    const own = await createTask(member.client, run(agent.id, { conversationId: room.id }));
    expect(await taskEnd(member.client, own.id)).toMatchObject({ output: { conversationId: room.id } });
    const foreign = await createTask(
      owner.client,
      run(agent.id, { conversationId: (await test.seed.room(member)).id }),
    );
    const refused = await taskEnd(owner.client, foreign.id);
    expect(refused).toMatchObject({ state: 'FAILED', error: { retryable: false } });
    expect(['FORBIDDEN', 'NOT_FOUND', 'BAD_USER_INPUT']).toContain(refused.error?.code);
  });

  it('is stopped with its task', async () => {
    const agent = await test.seed.agent(owner);
    const { id } = await createTask(owner.client, run(agent.id, { text: 'count to 5000' }));
    const waiting = await taskWhen(owner.client, id, ({ jobs }) => jobs.nodes[0]?.state === 'AWAITING');
    await owner.client.request(CANCEL, { input: { taskId: id } });
    expect(await taskEnd(owner.client, id)).toMatchObject({ state: 'CANCELLED' });
    const runId = waiting.jobs.nodes[0]?.executions.nodes[0]?.run?.id;
    await taskWhen(owner.client, id, ({ jobs }) => jobs.nodes[0]?.executions.nodes[0]?.run?.state === 'CANCELLED');
    expect(runId).toBeDefined();
  });

  it('falls back to another one', async () => {
    const [first, second] = await Promise.all([test.seed.agent(owner), test.seed.agent(owner, { name: 'Bea' })]);
    const { id } = await createTask(
      owner.client,
      run(first.id, { text: 'Hello' }, { onFailure: 'FALLBACK', fallbackAgentId: second.id }),
    );
    expect(await taskEnd(owner.client, id)).toMatchObject({ jobs: { nodes: [{ recovered: null }] } });
    const later = await createTask(owner.client, {
      ...run(first.id, {}, { onFailure: 'FALLBACK', fallbackAgentId: second.id }),
      startAfter: new Date(Date.now() + 1_500).toISOString(),
    });
    await owner.client.request(
      'mutation ($input: ArchiveAgentInput!) { archiveAgent(input: $input) { agent { id } } }',
      { input: { agentId: first.id } },
    );
    expect(await taskEnd(owner.client, later.id)).toMatchObject({
      state: 'SUCCEEDED',
      jobs: { nodes: [{ recovered: 'FALLBACK', input: { agentId: second.id } }] },
    });
  });

  it('does not act for somebody who has left', async () => {
    const leaver = await test.seed.member(owner);
    const agent = await test.seed.agent(owner);
    const { id } = await createTask(leaver.client, {
      ...run(agent.id),
      startAfter: new Date(Date.now() + 1_500).toISOString(),
    });
    await leaver.client.request('mutation { leaveOrganization { leftOrganizationId } }');
    expect(await taskEnd(owner.client, id)).toMatchObject({ state: 'FAILED', error: { code: 'PRINCIPAL_GONE' } });
  });
});

describe('an agent', { timeout: 60_000 }, () => {
  interface Step {
    kind: string;
    state: string;
    output: { taskId: string };
    error: { code: string; message: string } | null;
  }
  const tools = [{ name: 'start_task', approval: { rule: 'NEVER' } }];
  const ask = async (person: Person, args: object): Promise<Step> => {
    const agent = await test.seed.agent(owner, { name: 'Starter', model: 'offline/parley', tools });
    const room = await test.seed.room(person, { agents: [agent] });
    const { sendMessage } = await person.client.request<{ sendMessage: { run: { id: string } } }>(
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { run { id } } }',
      { input: { conversationId: room.id, text: `use tool start_task with ${JSON.stringify(args)}` } },
    );
    const read = async () => {
      const { run } = await person.client.request<{ run: { state: string; steps: { nodes: Step[] } } }>(
        'query ($id: ID!) { run(id: $id) { state steps { nodes { kind state output error { code message } } } } }',
        { id: sendMessage.run.id },
      );
      return run;
    };
    await expect.poll(async () => (await read()).state, { timeout: 20_000 }).toBe('SUCCEEDED');
    return (await read()).steps.nodes.find(({ kind }) => kind === 'TOOL') as Step;
  };

  it('starts a task for whoever it answers, who may do so himself', async () => {
    const name = newId();
    const step = await ask(member, { kind: 'CALL_WEBHOOK', input: { url: urlOf(name) } });
    expect(step).toMatchObject({ state: 'SUCCEEDED', output: { state: 'QUEUED' } });
    expect(await taskEnd(member.client, step.output.taskId)).toMatchObject({ state: 'SUCCEEDED' });
    expect(callsOf(name)).toHaveLength(1);
    const wrong = await ask(member, { kind: 'CALL_WEBHOOK', input: { url: 'ftp://example.com' } });
    expect(wrong.error).toMatchObject({ code: 'INVALID_ARGUMENTS', message: expect.stringContaining('input.url') });
    const { createRole } = await owner.client.request<{ createRole: { role: { id: string } } }>(
      'mutation ($input: CreateRoleInput!) { createRole(input: $input) { role { id } } }',
      { input: { name: newId(), permissions: ['agents:read', 'conversations:read', 'conversations:write'] } },
    );
    const talker = await test.seed.member(owner, createRole.role.id);
    const refused = await ask(talker, { kind: 'CALL_WEBHOOK', input: { url: urlOf(name) } });
    expect(refused.error).toMatchObject({ code: 'FORBIDDEN' });
    expect(callsOf(name)).toHaveLength(1);
  });
});

describe('what one sees of tasks', () => {
  it('is one’s own, or all where one manages them', async () => {
    const own = await createTask(member.client, webhook(newId()));
    const managers = await createTask(owner.client, webhook(newId()));
    const missing = await member.client.refusal('query ($id: ID!) { task(id: $id) { id } }', { id: managers.id });
    expect(missing.extensions.code).toBe('NOT_FOUND');
    expect((await member.client.refusal(CANCEL, { input: { taskId: managers.id } })).extensions.code).toBe('NOT_FOUND');
    expect(await readTask(owner.client, own.id)).toMatchObject({ id: own.id });
    const ids = async (person: Person) => {
      const { tasks } = await person.client.request<{ tasks: { nodes: { id: string }[] } }>(
        'query ($id: ID!) { tasks(filter: {createdById: $id}) { nodes { id } } }',
        { id: owner.id },
      );
      return tasks.nodes.map(({ id }) => id);
    };
    expect(await ids(owner)).toContain(managers.id);
    expect(await ids(member)).toEqual([]);
  });

  it('is a catalog of kinds, each with the schema of its input', async () => {
    const { taskKinds } = await member.client.request<{
      taskKinds: { name: string; inputSchema: { properties: Record<string, unknown> } }[];
    }>('{ taskKinds { name description inputSchema } }');
    const known = Object.fromEntries(
      taskKinds.map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties)]),
    );
    expect(known).toMatchObject({ RUN_AGENT: ['agentId', 'text', 'conversationId'] });
    expect(known.CALL_WEBHOOK).toContain('url');
  });
});
