import { isNonNullType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { LiveServer } from '#core/model/live-server.fixture';
import { atFileEnd } from '../support/file-end.ts';
import type { Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { Maker, type Things } from './scene.fixture.ts';
import { type OpenSubgraphs, openSubgraphs } from './subgraphs.fixture.ts';

/** Every query that looks one thing up by its id, with the thing. */
const LOOKUPS: Record<string, (things: Things) => string> = {
  agent: (things) => things.agent,
  approval: (things) => things.approval,
  attachment: (things) => things.attachment,
  conversation: (things) => things.room,
  liveSession: (things) => things.live,
  memoryBlock: (things) => things.memoryBlock,
  message: (things) => things.message,
  rule: (things) => things.rule,
  run: (things) => things.run,
  step: (things) => things.step,
  task: (things) => things.task,
  taskSchedule: (things) => things.schedule,
  webhook: (things) => things.webhook,
  webhookDelivery: (things) => things.webhookDelivery,
};

let test: TestServer;
let subgraphs: OpenSubgraphs;
let stranger: Person;
let owner: Person;
let things: Things;

beforeAll(async () => {
  const live = await LiveServer.start();
  atFileEnd(() => live.stop());
  test = await startTestServer(live.variables);
  subgraphs = await openSubgraphs(test.database.url);
  owner = await test.seed.owner();
  stranger = await test.seed.owner('Sam Stranger');
  things = await new Maker(test, owner).things();
}, 120_000);

afterAll(() => subgraphs?.close());

describe('what is looked up by its id', () => {
  it.each(Object.keys(LOOKUPS))('%s: is found, or is null with an error at its path', async (field) => {
    const query = `query ($id: ID!) { found: ${field}(id: $id) { id } }`;
    const id = LOOKUPS[field]?.(things) ?? '';
    expect(await owner.client.request(query, { id })).toEqual({ found: { id } });
    const answers = [];
    for (const missing of [newId(), 'no id', '', id.slice(1), `${id} `]) {
      answers.push(await owner.client.send(query, { id: missing }));
    }
    answers.push(await stranger.client.send(query, { id }));
    for (const { status, data, errors } of answers) {
      expect({ status, data, errors }).toEqual({
        status: 200,
        data: { found: null },
        errors: [expect.objectContaining({ path: ['found'], extensions: { code: 'NOT_FOUND' } })],
      });
    }
    expect(new Set(answers.map(({ errors }) => errors?.[0]?.message)).size).toBe(1);
  });

  it('is all of these: no other query takes an id and may be null', () => {
    const fields = Object.values(subgraphs.apiSchema.getQueryType()?.getFields() ?? {});
    const lookups = fields.filter(({ type, args }) => !isNonNullType(type) && args.some(({ name }) => name === 'id'));
    expect(lookups.map(({ name }) => name).sort()).toEqual(Object.keys(LOOKUPS).sort());
  });
});
