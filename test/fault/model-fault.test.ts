import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GEMINI } from '#core/model/dialect.fixture';
import { type Play, refuse, stream, streamThenReset, streamThenStall } from '#core/model/fault-server.fixture';
import type { TestClient } from '#test/support/client';
import { createAgent, createRoom, readRun, sendMessage } from '#test/support/room-call';
import { isFinal, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import { ServerProcess } from '#test/support/server-process';
import { auditRoom, openPool } from '#test/support/stream-audit';

/** The provider quotes the key and the prompt back, as some do. */
const quoting = `bad key ${GEMINI.key} for "the secret prompt" at /srv/model.py`;
const refused = (status: number, headers?: Record<string, string>) =>
  refuse(status, GEMINI.refusal(status, quoting), headers);
const hello = GEMINI.text('Hello');
const finish = GEMINI.finish('STOP', GEMINI.usage.raw);
const whole = stream(GEMINI.text('All of it.') + finish);
const times = (count: number, play: Play) => Array.from({ length: count }, () => play);

interface FaultCase {
  name: string;
  plays: Play[];
  state: 'SUCCEEDED' | 'FAILED';
  code?: string;
  retryable?: boolean;
  /** How often the reply was begun. */
  attempt: number;
  text: string;
  /** The outcome of each call, as stored. */
  calls: string[];
}

const recovers = (name: string, code: string, play: Play): FaultCase => ({
  name,
  plays: [play, whole],
  state: 'SUCCEEDED',
  attempt: 2,
  text: 'All of it.',
  calls: [code, 'SUCCEEDED'],
});

const CASES: FaultCase[] = [
  {
    name: '429 once, with Retry-After',
    plays: [refused(429, { 'retry-after': '1' }), whole],
    state: 'SUCCEEDED',
    attempt: 1,
    text: 'All of it.',
    calls: ['MODEL_RATE_LIMITED', 'SUCCEEDED'],
  },
  ...(
    [
      [429, 'MODEL_RATE_LIMITED'],
      [500, 'MODEL_OVERLOADED'],
      [503, 'MODEL_OVERLOADED'],
    ] as const
  ).map(
    ([status, code]): FaultCase => ({
      name: `${status} each time`,
      plays: times(3, refused(status)),
      state: 'FAILED',
      code,
      retryable: true,
      attempt: 1,
      text: '',
      calls: [code, code, code],
    }),
  ),
  {
    name: 'a refused key',
    plays: [refused(403)],
    state: 'FAILED',
    code: 'MODEL_AUTHENTICATION',
    retryable: false,
    attempt: 1,
    text: '',
    calls: ['MODEL_AUTHENTICATION'],
  },
  recovers('a malformed chunk', 'MODEL_BAD_RESPONSE', stream(`${hello}data: {"candidates": [}\n\n${finish}`)),
  recovers('half a chunk', 'MODEL_BAD_RESPONSE', stream(hello + GEMINI.text('and the rest').slice(0, 25))),
  recovers('an early end', 'MODEL_TRUNCATED', stream(hello)),
  recovers('a stall', 'MODEL_TIMEOUT', streamThenStall(hello)),
  recovers('a reset', 'MODEL_CONNECTION', streamThenReset(hello)),
  {
    name: 'an early end each time',
    plays: times(4, stream(hello)),
    state: 'FAILED',
    code: 'MODEL_TRUNCATED',
    retryable: true,
    attempt: 4,
    text: 'Hello',
    calls: times(4, whole).map(() => 'MODEL_TRUNCATED'),
  },
  {
    name: 'no answer at all, each time',
    plays: times(3, () => undefined),
    state: 'FAILED',
    code: 'MODEL_TIMEOUT',
    retryable: true,
    attempt: 1,
    text: '',
    calls: ['MODEL_TIMEOUT', 'MODEL_TIMEOUT', 'MODEL_TIMEOUT'],
  },
  {
    name: 'a blocked prompt',
    plays: [stream('event' in GEMINI.blockedPrompt ? GEMINI.blockedPrompt.event : '')],
    state: 'FAILED',
    code: 'MODEL_BLOCKED',
    retryable: false,
    attempt: 1,
    text: '',
    calls: ['MODEL_BLOCKED'],
  },
  {
    name: 'an answer blocked in the middle',
    plays: [stream(hello + GEMINI.finish('BLOCKED', GEMINI.usage.raw))],
    state: 'FAILED',
    code: 'MODEL_BLOCKED',
    retryable: false,
    attempt: 1,
    text: 'Hello',
    calls: ['MODEL_BLOCKED'],
  },
  {
    name: 'an empty answer each time',
    plays: times(3, stream(finish)),
    state: 'FAILED',
    code: 'MODEL_EMPTY',
    retryable: true,
    attempt: 1,
    text: '',
    calls: ['MODEL_EMPTY', 'MODEL_EMPTY', 'MODEL_EMPTY'],
  },
];

describe('a model that fails, through the real Gemini SDK', { timeout: 90_000 }, () => {
  let model: ScriptedModel;
  let server: ServerProcess;
  let client: TestClient;
  let pool: pg.Pool;
  let agent: string;

  beforeAll(async () => {
    model = await ScriptedModel.start(GEMINI);
    server = await ServerProcess.create({
      ...model.variables,
      MODEL_IDLE_TIMEOUT_SECONDS: '1',
      LOG_LEVEL: 'trace',
      LOG_PRETTY: '0',
    });
    client = await server.owner();
    pool = openPool(await server.databaseUrl());
    agent = await createAgent(client, { model: model.modelId });
  }, 120_000);

  afterAll(async () => {
    await client?.close();
    await pool?.end();
    await server?.remove();
    await model?.stop();
  }, 60_000);

  /** Writes in a room of its own and waits for the end; everything that the client saw is compared with the log. */
  const converse = async (text: string) => {
    const room = await createRoom(client, [agent]);
    const reader = new RoomReader(client, room.id, room.cursor);
    const { run } = await sendMessage(client, room.id, text);
    const final = await reader.until(isFinal, 60_000);
    await reader.close();
    await auditRoom(pool, room.id, reader.events, room.cursor);
    const { rows: calls } = await pool.query(
      'select outcome, usage, raw_usage, estimated from model_calls where run_id = $1 order by started_at',
      [run?.id],
    );
    return { final, events: reader.events, calls, runId: run?.id ?? '' };
  };

  it.concurrent.each(CASES)('$name', async ({ name, plays, state, code, retryable, attempt, text, calls }) => {
    model.script(`<${name}>`, ...plays);
    const heard = await converse(`Please answer <${name}>`);
    expect(heard.final.run).toMatchObject({ state, attempt });
    const error = heard.final.run?.error ?? null;
    if (code) {
      expect(error).toMatchObject({ code, retryable });
      expect(error?.message).toMatch(/^[A-Z].{10,}\.$/);
      expect(error?.message).not.toMatch(/secret|AIza|srv/);
    } else {
      expect(error).toBeNull();
    }
    expect(await readRun(client, heard.runId)).toMatchObject({ state, attempt, error });
    const restarts = heard.events.filter(({ __typename }) => __typename === 'MessageRestarted');
    expect(restarts).toHaveLength(attempt - 1);
    const message = heard.events.find(({ __typename }) => __typename === 'MessageCompleted')?.message;
    expect(message).toMatchObject({ text, status: state === 'FAILED' ? 'FAILED' : 'COMPLETE' });
    expect(heard.calls.map(({ outcome }) => outcome)).toEqual(calls);
    if (state === 'SUCCEEDED') {
      const { raw_usage: raw, usage } = heard.calls.at(-1) ?? {};
      // What had begun to answer is billed, and was not counted; what was refused took nothing.
      const before = heard.calls.slice(0, -1);
      expect(before.map(({ estimated }) => estimated)).toEqual(before.map(() => attempt > 1));
      const estimates = before.reduce((sum, call) => sum + (call.usage?.totalTokens ?? 0), 0);
      expect(estimates > 0).toBe(attempt > 1);
      expect(heard.final.run?.usage?.totalTokens).toBe(GEMINI.usage.counts.totalTokens + estimates);
      expect(raw).toEqual(GEMINI.usage.raw);
      expect(usage).toMatchObject({ ...GEMINI.usage.counts, details: GEMINI.usage.details });
    }
  });

  it('is billed for what it had counted when it was stopped', async () => {
    const counted = GEMINI.text('Some').replace('}\n\n', `,"usageMetadata":${JSON.stringify(GEMINI.usage.raw)}}\n\n`);
    model.script('<cancelled>', (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      response.write(counted);
    });
    const room = await createRoom(client, [agent]);
    const reader = new RoomReader(client, room.id, room.cursor);
    const { run } = await sendMessage(client, room.id, 'Until <cancelled>');
    await reader.until(({ __typename }) => __typename === 'MessageDelta');
    await client.request('mutation ($input: CancelRunInput!) { cancelRun(input: $input) { run { id } } }', {
      input: { runId: run?.id },
    });
    const final = await reader.until(isFinal);
    await reader.close();
    expect(final.run).toMatchObject({ state: 'CANCELLED', usage: GEMINI.usage.counts });
    await model.server.whenClientLeaves();
  });

  it('has its key written nowhere: not in the log, nor in any table', async () => {
    expect(model.calls.every(({ headers }) => headers['x-goog-api-key'] === GEMINI.key)).toBe(true);
    expect(server.output).toContain('"level"');
    expect(server.output).not.toContain(GEMINI.key);
    const { rows: tables } = await pool.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'bullmq')`,
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const { rows } = await pool.query(`select count(*)::int as found from ${name} t where t::text like $1`, [
        `%${GEMINI.key}%`,
      ]);
      expect({ name, ...rows[0] }).toEqual({ name, found: 0 });
    }
  });
});
