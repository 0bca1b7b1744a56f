import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#core/model/model.port';
import { sendMessage } from '#test/support/room-call';
import { type TeamRoom, TeamStage } from '../../orchestration/team.fixture.ts';

interface Found {
  results: { messageId: string; at: string; author: string; snippet: string }[];
  note?: string;
}

describe('a search in the conversation', { timeout: 60_000 }, () => {
  let stage: TeamStage;
  let room: TeamRoom;
  beforeAll(async () => {
    stage = await TeamStage.open();
    const agent = await stage.agent('Finder', { tools: [{ name: 'search_conversation' }] });
    const max = await stage.test.seed.member(stage.owner, 'MEMBER', 'Max');
    room = await stage.enter(agent, [max]);
    stage.script('Finder', stage.model.answer('The teapot is blue.'));
    await stage.ask(room, 'Where is the teapot? I like tea, and tea, and more tea.');
    const { run } = await sendMessage(max.client, room.id, 'The cup is with the kettle.');
    await stage.untilEnded(room, run?.id ?? '');
    const elsewhere = await stage.test.seed.room(stage.owner, {});
    await sendMessage(stage.owner.client, elsewhere.id, 'Nobody there knows of this tea.');
  }, 120_000);
  afterAll(async () => {
    await stage?.leave(room);
    await stage?.close();
  });

  async function search(args: JsonObject) {
    stage.script('Finder', stage.model.callTools(['search_conversation', args]), stage.model.answer('Found.'));
    const { run } = await stage.ask(room, 'Go on.');
    const step = run.steps.find(({ kind }) => kind === 'TOOL');
    return { found: step?.output as Found, error: step?.error };
  }

  it('finds what people and agents said, with who and when, and nothing of other rooms', async () => {
    const { found } = await search({ query: 'teapot', order: 'newest' });
    expect(found).toEqual({
      results: [
        {
          messageId: expect.any(String),
          at: expect.any(String),
          author: 'Finder',
          snippet: expect.stringContaining('teapot is blue'),
        },
        {
          messageId: expect.any(String),
          at: expect.stringMatching(/^\d{4}-.+Z$/),
          author: 'Olga',
          snippet: expect.stringContaining('Where is the teapot?'),
        },
      ],
    });
    expect((await search({ query: 'kettle cup' })).found.results).toMatchObject([{ author: 'Max' }]);
    expect((await search({ query: 'nobody' })).found.results).toEqual([]);
  });

  it('puts what fits best first, and says that there is more', async () => {
    const { found } = await search({ query: 'tea', limit: 1 });
    expect(found.results).toMatchObject([{ author: 'Olga' }]);
    expect(found.note).toContain('more');
  });

  it.each<[JsonObject, string]>([
    [{ query: '   ' }, 'Write what to search for'],
    [{ query: 'x', limit: 21 }, 'limit must be <= 20.'],
    [{ query: 'x', conversationId: 'y' }, 'must not have conversationId'],
  ])('refuses %j in words', async (args, message) => {
    const { error } = await search(args);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS', message: expect.stringContaining(message) });
  });
});
