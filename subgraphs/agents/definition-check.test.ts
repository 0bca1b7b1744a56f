import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Tool } from '#core/tool/tool.port';
import { type Bench, type Caller, startBench } from './agents.fixture.ts';

const clock: Tool = {
  name: 'clock',
  title: 'Clock',
  description: 'Tells the time.',
  parameters: { type: 'object' },
  effect: 'NONE',
  timeoutMs: 1_000,
  maxResultCharacters: 100,
  run: async () => new Date().toISOString(),
};

let bench: Bench;
let owner: Caller;
beforeAll(async () => {
  bench = await startBench({}, { find: async (names) => (names.includes(clock.name) ? [clock] : []) });
  owner = bench.caller();
});
afterAll(() => bench.stop());

it('names the tools that there are not, and keeps what needs them from being published', async () => {
  const create = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) {
    published reason agent { id draft { problems { severity path message } } } } }`;
  const input = { name: 'Ada', instructions: 'Be brief.', tools: [{ name: 'clock' }, { name: 'oracle' }] };
  const problem = { severity: 'ERROR', path: 'definition.tools.oracle', message: 'There is no tool oracle.' };
  const { createAgent } = await owner.ask<{ createAgent: { agent: { id: string } } }>(create, { input });
  expect(createAgent).toMatchObject({
    published: false,
    reason: problem.message,
    agent: { draft: { problems: [problem] } },
  });
  const { id } = createAgent.agent;
  const publish = 'mutation ($id: ID!) { publishAgent(input: {agentId: $id}) { version { number } } }';
  expect(await owner.refused(publish, { id })).toMatchObject({
    code: 'CONFLICT',
    extensions: { fields: [{ path: 'draft.definition.tools.oracle', message: problem.message }] },
  });
  await owner.ask(
    'mutation ($id: ID!) { updateAgentDraft(input: {agentId: $id, tools: [{name: "clock"}]}) { agent { id } } }',
    { id },
  );
  expect(await owner.ask(publish, { id })).toEqual({ publishAgent: { version: { number: 1 } } });
});

it('names roles that there are not, which nobody could approve with', async () => {
  const create = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) {
    published agent { draft { problems { path message } } } } }`;
  const problemsWith = async (role: string) => {
    const tools = [{ name: 'clock', approval: { rule: 'ALWAYS', role } }];
    const { createAgent } = await owner.ask<{ createAgent: { published: boolean; agent: { draft: object } } }>(create, {
      input: { name: 'Ada', instructions: 'Be brief.', tools },
    });
    return createAgent;
  };
  for (const role of ['OWNER', 'MEMBER', '']) {
    expect(await problemsWith(role)).toMatchObject({ published: true, agent: { draft: { problems: [] } } });
  }
  for (const role of ['owner', 'nobody', '__proto__']) {
    expect(await problemsWith(role)).toMatchObject({
      published: false,
      agent: {
        draft: {
          problems: [
            { path: 'definition.tools.clock', message: expect.stringMatching(`There is no role ${role}`) as string },
          ],
        },
      },
    });
  }
});
