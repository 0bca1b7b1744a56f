import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

const CANCEL = 'mutation ($id: ID!) { cancelRun(input: { runId: $id }) { run { state } } }';
const USAGE = 'query ($id: ID!) { run(id: $id) { usage { totalTokens } } }';

describe('a cancellation', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  it('reaches all who work for one another: calls are broken off and counted, and what was said is kept', async () => {
    const { model } = stage;
    const [una, vic] = await Promise.all([stage.agent('Una'), stage.agent('Vic')]);
    const pair = await stage.team('Pair', [una, vic], { parallel: {} });
    const boss = await stage.team('Boss', [pair], { supervisor: {} });
    const { dialect } = model;
    stage.script('Boss', (response) => {
      const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(dialect.text('Let me see.'));
      const call = { id: 'c1', name: 'pair', args: { task: 'look' } };
      response.end(dialect.calls([call]) + dialect.finish('STOP', usage));
    });
    const open: ServerResponse[] = [];
    for (const name of ['Una', 'Vic']) {
      const held = model.held('So far');
      stage.script(name, (response, request) => {
        open.push(response);
        held.play(response, request);
      });
    }
    const room = await stage.enter(boss);
    const id = await stage.send(room, 'Go.');
    await expect.poll(() => open.length, { timeout: 20_000 }).toBe(2);
    const closed = open.map((response) => once(response, 'close'));
    await stage.owner.client.request(CANCEL, { id });
    const { run, text } = await stage.untilEnded(room, id);
    await Promise.all(closed);
    expect(run).toMatchObject({ state: 'CANCELLED', error: null });
    expect(text).toBe('Let me see.');
    expect(run.steps.map(({ kind, name, state }) => `${kind} ${name} ${state}`).sort()).toEqual([
      'AGENT pair CANCELLED',
      'AGENT una CANCELLED',
      'AGENT vic CANCELLED',
      'MODEL Boss SUCCEEDED',
      'MODEL Una CANCELLED',
      'MODEL Vic CANCELLED',
    ]);
    const counted = await stage.owner.client.request<{ run: { usage: { totalTokens: number } } }>(USAGE, { id });
    expect(counted.run.usage.totalTokens).toBeGreaterThan(18);
    expect(stage.countOf('Boss')).toBe(1);
    await stage.leave(room);
  });
});
