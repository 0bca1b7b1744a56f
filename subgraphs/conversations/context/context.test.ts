import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GEMINI } from '#core/model/dialect.fixture';
import { type Play, stream } from '#core/model/fault-server.fixture';
import type { JsonValue } from '#core/model/model.port';
import type { SeededAgent } from '#test/support/seed';
import { type TeamRoom, TeamStage } from '../orchestration/team.fixture.ts';

interface Sent {
  role: string;
  content: string | null;
  tool_calls?: unknown[];
}

/** What the last call of an agent's model was sent, but for its instructions. */
const sentTo = (stage: TeamStage, mark: string): Sent[] => stage.model.callsOf(mark).at(-1)?.body.messages as Sent[];

const CLOCK = [{ name: 'current_time' }];

describe('what an agent is shown of a room', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  it('tells people, other agents and itself apart', async () => {
    const max = await stage.test.seed.member(stage.owner, 'MEMBER', 'Max');
    const [ann, bob] = [await stage.agent('Ann'), await stage.agent('Bob')];
    stage.script('Ann', stage.model.answer('I am here.'), stage.model.answer('Still.'));
    stage.script('Bob', stage.model.answer('So am I.'));
    const made = await stage.test.seed.room(stage.owner, { agents: [ann, bob], people: [max] });
    const reader = (await stage.enter(ann)).reader;
    await reader.close();
    const say = (client: typeof max.client, text: string) =>
      client.request<{ sendMessage: { run: { id: string } } }>(
        'mutation ($id: ID!, $text: String!) { sendMessage(input: { conversationId: $id, text: $text }) { run { id } } }',
        { id: made.id, text },
      );
    const ended = async (id: string) => {
      while ((await stage.read(id)).state !== 'SUCCEEDED') await new Promise((resolve) => setTimeout(resolve, 30));
    };
    for (const [client, text] of [
      [stage.owner.client, '@Ann are you there?'],
      [max.client, '@Bob and you?'],
      [stage.owner.client, '@Ann good.'],
    ] as const) {
      await ended((await say(client, text)).sendMessage.run.id);
    }
    const [system, ...turns] = sentTo(stage, '<Ann>');
    expect(system?.content).toContain('You are Ann.');
    expect(turns).toEqual([
      { role: 'user', content: 'Olga: @Ann are you there?' },
      { role: 'assistant', content: 'I am here.' },
      { role: 'user', content: 'Max: @Bob and you?\nBob (agent): So am I.\nOlga: @Ann good.' },
    ]);
  });

  it('shows each agent alone how it came to its own answers', async () => {
    const [ann, bob] = [await stage.agent('Ada', { tools: CLOCK }), await stage.agent('Ben')];
    stage.script(
      'Ada',
      stage.model.callTools(['current_time', {}]),
      stage.model.answer('Late.'),
      stage.model.answer('Yes.'),
    );
    const room = await stage.test.seed.room(stage.owner, { agents: [ann, bob] });
    const follow: TeamRoom = { ...room, reader: (await stage.enter(ann)).reader };
    await follow.reader.close();
    const ask = async (text: string) => {
      const id = await stage.send(follow, text);
      while ((await stage.read(id)).state !== 'SUCCEEDED') await new Promise((resolve) => setTimeout(resolve, 30));
    };
    await ask('@Ada what time is it?');
    await ask('@Ada sure?');
    expect(sentTo(stage, '<Ada>').map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
    ]);
    await ask('@Ben what do you say?');
    expect(JSON.stringify(sentTo(stage, '<Ben>'))).toContain('Ada (agent): Late.');
    expect(JSON.stringify(sentTo(stage, '<Ben>'))).not.toContain('current_time');
  });
});

describe('what one model wrote in its own form', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open({}, GEMINI);
  }, 120_000);

  afterAll(() => stage?.close());

  /** An answer of Gemini with the given Parts. */
  const says = (...parts: JsonValue[]): Play =>
    stream(
      `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts }, index: 0 }] })}\n\n` +
        GEMINI.finish('STOP', { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 }),
    );

  it('goes back to it as it came, within a run and in later ones, and to no other', async () => {
    const agent = await stage.agent('Gem', { tools: CLOCK });
    const call = { functionCall: { name: 'current_time', args: {} }, thoughtSignature: 'c2lnbmVkIGNhbGw=' };
    const text = { text: 'It is late.', thoughtSignature: 'c2lnbmVkIHRleHQ=' };
    stage.script('Gem', says(call), says(text), says({ text: 'Yes.' }), says({ text: 'Good night.' }));
    const room = await stage.enter(agent);
    await stage.ask(room, 'What time is it?');
    const contents = () => stage.model.callsOf('<Gem>').at(-1)?.body.contents as { parts: JsonValue[] }[];
    expect(contents()[1]?.parts).toEqual([call]);
    await stage.ask(room, 'Sure?');
    expect(contents()[1]?.parts).toEqual([call]);
    expect(contents()[3]?.parts).toEqual([text]);
    await stage.owner.client.request(
      `mutation ($id: ID!) {
        updateAgentDraft(input: { agentId: $id, model: "gemini/gemini-2.5-pro" }) { agent { id } }
        publishAgent(input: { agentId: $id }) { agent { id } }
      }`,
      { id: agent.id },
    );
    await stage.ask(room, 'Good night.');
    expect(JSON.stringify(contents())).not.toContain('thoughtSignature');
    expect(contents()[1]?.parts).toMatchObject([{ functionCall: { name: 'current_time' } }]);
    await stage.leave(room);
  });
});

describe('a conversation that is longer than a model is sent', { timeout: 90_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open({ CONTEXT_TOKENS: '1500' });
  }, 120_000);

  afterAll(() => stage?.close());

  /** About 400 tokens. */
  const long = (mark: string) => `${mark} ${'word '.repeat(280)}`;
  const foldsOf = (name: string) => stage.model.callsOf(`You keep the memory of ${name},`);
  const foldScript = (name: string, ...plays: Play[]) =>
    stage.model.script(`You keep the memory of ${name},`, ...plays);

  interface Summary {
    id: string;
    text: string;
    messageCount: number;
    upToMessageId: string;
    runId: string;
    tokens: number;
    foldedTokens: number;
    agent: { name: string };
  }

  const summariesOf = async ({ id }: { id: string }, agent?: SeededAgent): Promise<Summary[]> => {
    const { conversation } = await stage.owner.client.request<{ conversation: { summaries: { nodes: Summary[] } } }>(
      `query ($id: ID!, $agent: ID) { conversation(id: $id) { summaries(agentId: $agent) { nodes {
        id text messageCount upToMessageId runId tokens foldedTokens agent { name }
      } } } }`,
      { id, agent: agent?.id ?? null },
    );
    return conversation.summaries.nodes;
  };

  it('is folded beside an answer, which does not wait for it, once, and shown as a summary from then on', async () => {
    const agent = await stage.agent('Fold');
    const held = stage.model.held('They said ');
    foldScript('Fold', held.play, stage.model.answer('ONE and TWO and more were said.'));
    const room = await stage.enter(agent);
    await stage.ask(room, long('ONE'));
    await stage.ask(room, long('TWO'));
    expect(foldsOf('Fold')).toHaveLength(0);
    const runId = await stage.send(room, long('THREE'));
    // The answer is there while the summary is still being written.
    await room.reader.until((event) => event.__typename === 'MessageDelta' && event.runId === runId);
    while (foldsOf('Fold').length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(JSON.stringify(sentTo(stage, '<Fold>'))).toContain('ONE');
    held.finish('ONE and TWO.');
    const { run } = await stage.untilEnded(room, runId);
    expect(run.steps.find(({ name }) => name === 'summary')).toMatchObject({ kind: 'MODEL', state: 'SUCCEEDED' });
    expect(run.steps.find(({ name }) => name === 'summary')?.usage).toMatchObject({ totalTokens: 18 });
    const folded = JSON.stringify(foldsOf('Fold')[0]?.body);
    for (const part of ['Olga: ONE', 'Fold: Fine.', 'Olga: TWO']) expect(folded).toContain(part);
    expect(folded).not.toContain('THREE');

    const [summary] = await summariesOf(room, agent);
    expect(summary).toMatchObject({ text: 'They said ONE and TWO.', runId, agent: { name: 'Fold' } });
    expect(summary?.tokens).toBeLessThan(summary?.foldedTokens ?? 0);
    const event = room.reader.events.find(({ __typename }) => __typename === 'ContextFolded');
    expect(event).toBeDefined();

    await stage.ask(room, 'FOUR');
    const shown = JSON.stringify(sentTo(stage, '<Fold>'));
    expect(shown).toContain('They said ONE and TWO.');
    expect(shown).toContain('THREE');
    expect(shown).not.toContain('ONE word');
    expect(foldsOf('Fold')).toHaveLength(1);

    // The next one has the summary before in it.
    await stage.ask(room, long('FIVE'));
    await stage.ask(room, long('SIX'));
    expect(foldsOf('Fold')).toHaveLength(2);
    expect(JSON.stringify(foldsOf('Fold')[1]?.body)).toContain('They said ONE and TWO.');
    const [newest, before] = await summariesOf(room);
    expect(before?.id).toBe(summary?.id);
    expect(newest?.messageCount).toBeGreaterThan(before?.messageCount ?? 0);
    await stage.leave(room);
  });

  it('is left as it is while it is short, however short its answers may be', async () => {
    const agent = await stage.agent('Short', { maxOutputTokens: 50 });
    const room = await stage.enter(agent);
    for (const text of ['One.', 'Two.', 'Three.']) {
      const { run } = await stage.ask(room, text);
      expect(run.steps).toHaveLength(1);
    }
    expect(foldsOf('Short')).toHaveLength(0);
    await stage.leave(room);
  });

  it('is folded before the answer where there is no room without it', async () => {
    const agent = await stage.agent('Tight');
    foldScript('Tight', stage.model.answer('A long text about ONE.'));
    const room = await stage.enter(agent);
    await stage.ask(room, long('ONE').repeat(2));
    await stage.ask(room, long('TWO').repeat(2));
    expect(foldsOf('Tight')).toHaveLength(1);
    const shown = JSON.stringify(sentTo(stage, '<Tight>'));
    expect(shown).toContain('A long text about ONE.');
    expect(shown).not.toContain('ONE word');
    await stage.leave(room);
  });

  it('is not shown as a summary of another version of its messages', async () => {
    const agent = await stage.agent('Twice');
    foldScript('Twice', stage.model.answer('A long text about ONE.'));
    const room = await stage.enter(agent);
    await stage.ask(room, long('ONE').repeat(2));
    const first = room.reader.events.find(({ message }) => message?.text.startsWith('ONE'))?.message?.id;
    await stage.ask(room, long('TWO').repeat(2));
    expect(JSON.stringify(sentTo(stage, '<Twice>'))).toContain('A long text about ONE.');
    const { editMessage } = await stage.owner.client.request<{ editMessage: { run: { id: string } } }>(
      'mutation ($id: ID!) { editMessage(input: { messageId: $id, text: "Another" }) { run { id } } }',
      { id: first },
    );
    await stage.untilEnded(room, editMessage.run.id);
    expect(sentTo(stage, '<Twice>').slice(1)).toEqual([{ role: 'user', content: 'Another' }]);
    await stage.leave(room);
  });

  it('loses its oldest messages, with a note, where no summary can be made', async () => {
    const agent = await stage.agent('Blunt');
    foldScript('Blunt', stage.model.fail(), stage.model.fail());
    const room = await stage.enter(agent);
    await stage.ask(room, long('ONE').repeat(2));
    const { run } = await stage.ask(room, long('TWO').repeat(2));
    expect(run).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(run.steps.find(({ name }) => name === 'summary')).toMatchObject({ state: 'FAILED' });
    const shown = JSON.stringify(sentTo(stage, '<Blunt>'));
    expect(shown).toContain('Earlier messages are left out here');
    expect(shown).toContain('TWO word');
    expect(await summariesOf(room)).toEqual([]);
    await stage.leave(room);
  });

  it('shows the newest message in any case, cut with a note', async () => {
    const agent = await stage.agent('Huge');
    const room = await stage.enter(agent);
    await stage.ask(room, `BEGIN ${'word '.repeat(4_000)} END`);
    const [, newest] = sentTo(stage, '<Huge>');
    expect(newest?.content).toMatch(/^BEGIN word[\s\S]*characters left out[\s\S]*END$/);
    expect(newest?.content?.length).toBeLessThan(1_500 * 3.5);
    await stage.leave(room);
  });

  it('forgets the summaries with a person who is erased', async () => {
    const max = await stage.test.seed.member(stage.owner, 'MEMBER', 'Max');
    const agent = await stage.agent('Erase');
    foldScript('Erase', stage.model.answer('Max said ONE.'));
    const room = await stage.enter(agent, [max]);
    await stage.ask(room, long('ONE').repeat(2));
    await stage.ask(room, long('TWO').repeat(2));
    expect(await summariesOf(room)).toHaveLength(1);
    await stage.owner.client.request('mutation ($id: ID!) { erasePerson(input: { userId: $id }) { __typename } }', {
      id: max.id,
    });
    while ((await summariesOf(room)).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const { rows } = await stage.test
      .pool()
      .query("select output from steps where name = 'summary' and agent_id = $1", [agent.id]);
    expect(rows).toEqual([{ output: null }]);
    await room.reader.close();
  });
});
