import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from '../orchestration/team.fixture.ts';

interface Listed {
  name: string;
  title: string;
  description: string;
  parameters: { type: string; properties: object };
  effect: string;
  needsApproval: boolean;
}

const TOOLS = '{ tools { name title description parameters effect needsApproval } }';
const CREATE = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) {
  published reason agent { id draft { problems { severity path message } } } } }`;

describe('tools', { timeout: 60_000 }, () => {
  let stage: TeamStage;
  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);
  afterAll(() => stage?.close());

  it('are listed with what their calls take and do', async () => {
    const { tools } = await stage.owner.client.request<{ tools: Listed[] }>(TOOLS);
    const byName = new Map(tools.map((tool) => [tool.name, tool]));
    expect(byName.get('calculator')).toMatchObject({
      title: 'Calculator',
      parameters: { type: 'object', required: ['expression'] },
      effect: 'NONE',
      needsApproval: false,
    });
    expect(byName.size).toBe(tools.length);
    for (const { description } of tools) expect(description).not.toBe('');
  });

  it('that a draft names and nobody has keep it from being published', async () => {
    const tools = [{ name: 'calculator' }, { name: 'oracle' }];
    const { createAgent } = await stage.owner.client.request<{ createAgent: Record<string, unknown> }>(CREATE, {
      input: { name: 'Oz', instructions: 'Be brief.', tools },
    });
    const problem = { severity: 'ERROR', path: 'definition.tools.oracle', message: 'There is no tool oracle.' };
    expect(createAgent).toMatchObject({
      published: false,
      reason: problem.message,
      agent: { draft: { problems: [problem] } },
    });
  });

  it('work arithmetic out, and say what is wrong with it, so that the model can mend it', async () => {
    const agent = await stage.agent('Carl', { tools: [{ name: 'calculator' }] });
    const calculate = (expression: string) => stage.model.callTools(['calculator', { expression }]);
    stage.script('Carl', calculate('0.1 + '), calculate('0.1 + 0.2'), stage.model.answer('It is 0.3.'));
    const room = await stage.enter(agent);
    const { run, text } = await stage.ask(room, 'How much is it?');
    expect(text).toBe('It is 0.3.');
    expect(run.steps.filter(({ kind }) => kind === 'TOOL')).toMatchObject([
      { state: 'FAILED', error: { code: 'BAD_EXPRESSION' } },
      { state: 'SUCCEEDED', output: { result: '0.3' } },
    ]);
    await stage.leave(room);
  });
});
