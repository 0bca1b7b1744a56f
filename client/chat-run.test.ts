import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sendMessage } from '#test/support/room-call';
import { ServerChat } from './server-chat.fixture.ts';

let chat: ServerChat;

beforeAll(async () => {
  chat = await ServerChat.start({ tools: [{ name: 'current_time', approval: { rule: 'ALWAYS' } }] });
}, 120_000);

afterAll(() => chat?.stop());

beforeEach(() => chat.makeRoom());

afterEach(() => chat.leave());

const lastPrompt = () => JSON.stringify(chat.model.calls.at(-1)?.body);

describe('speaking for agents', () => {
  test('silences them until they are handed back, and then the last message may be answered', async () => {
    const max = await chat.server.seed.member(chat.olga, 'MEMBER', 'Max');
    await chat.makeRoom([chat.ada], [max]);
    await chat.open();
    chat.type('/handback');
    await chat.until('! Nobody has taken over here.');
    chat.type('/takeover');
    await chat.until('· Olga speaks for all agents here, until /handback.');
    chat.type('/takeover');
    await chat.until('! You have taken over already: /handback ends it.');
    expect((await sendMessage(max.client, chat.roomId, 'Is a person there?')).run).toBeNull();
    await chat.until('Max: Is a person there?');
    chat.model.next(chat.model.answer('Now I am.'));
    chat.type('/answer');
    await chat.until('· Olga lets all agents here answer again.\nAda: Now I am.\n>');
  });

  test('works for one of them, is said on entry, and a name need not be whole', async () => {
    await chat.open();
    chat.type('/takeover bob');
    await chat.until('! There is no agent "bob" here. There are: Ada.');
    chat.type('/takeover @ad');
    await chat.until('· Olga speaks for Ada, until /handback.');
    chat.type('Nobody answers this.');
    await chat.until('Olga: Nobody answers this.');
    await chat.leave();
    await chat.open();
    await chat.until('· Olga speaks for Ada, until /handback.');
    chat.type('/handback ada');
    await chat.until('· Olga lets Ada answer again.');
    await chat.say('And now?', 'Yes.');
  });
});

describe('a line while an agent answers', () => {
  test('waits, is refused, or stops the answer', async () => {
    await chat.open();
    const held = chat.model.held('Once ');
    chat.model.next(held.play);
    chat.type('Tell me a story');
    await chat.until('Ada: Once');
    chat.type('/busy refuse');
    await chat.until('· While an agent answers, your lines are not sent.');
    chat.type('Hurry');
    await chat.until('! The conversation is busy');
    chat.type('/busy wait');
    chat.model.next(chat.model.answer('You are welcome.'));
    chat.type('Thanks');
    await chat.until('· This is answered after what is under way.');
    chat.type('/revise Tell me none');
    await chat.until('! The conversation is busy', 2);
    held.finish('upon a time.');
    await chat.until('Ada: You are welcome.\n>');
    const second = chat.model.held('Twice ');
    chat.model.next(second.play, chat.model.answer('Sorry.'));
    chat.type('Another one');
    await chat.until('Ada: Twice');
    chat.type('/interrupt Stop');
    await chat.until('Ada: Sorry.\n>');
    expect(chat.shown).toContain('· Cancelled.');
    expect(lastPrompt()).toContain('Twice');
    chat.type('/busy never');
    await chat.until('! Say one of wait, refuse, interrupt, rollback.');
  });

  test('may take it back, so that agents forget it', async () => {
    await chat.open();
    chat.type('/rollback Not that');
    await chat.until('! No agent is at anything that could be taken back.');
    const held = chat.model.held('Rubbish ');
    chat.model.next(held.play, chat.model.answer('Better.'));
    chat.type('Say something');
    await chat.until('Ada: Rubbish');
    chat.type('/rollback Say it well');
    await chat.until('Ada: Better.\n>');
    expect(chat.shown).toContain('· What Ada was at is taken back by Olga: agents see it no more.');
    expect(lastPrompt()).not.toContain('Rubbish');
  });
});

describe('runs', () => {
  test('a call of a tool is allowed', async () => {
    await chat.open();
    chat.model.next(chat.model.callTools(['current_time', {}]), chat.model.answer('It is late.'));
    chat.type('What time is it?');
    await chat.until('has to be allowed: /approve or /reject [why].');
    chat.type('/approve');
    await chat.until('Ada: It is late.\n>');
    expect(chat.shown).toContain('· Ada calls current_time.');
    expect(chat.shown).toContain('· Ada: current_time is approved.');
    chat.type('/runs');
    await chat.until('  1  ');
    expect(chat.shown).toMatch(/ {2}1 {2}\d{4}-\d\d-\d\d \d\d:\d\d, Ada, succeeded, 36 tokens, \d+\.\d s/);
    chat.type('/steps');
    await chat.until('  ✓ Ada asks its model, 18 tokens');
    expect(chat.shown).toMatch(/ {2}✓ Ada calls current_time \{\} → \{"/);
    chat.type('/steps 2');
    await chat.until('! There are not so many: /runs.');
  });

  test('of several calls that wait, each is decided about', async () => {
    await chat.open();
    const calls = ['UTC', 'Europe/Berlin'].map((timeZone): [string, { timeZone: string }] => [
      'current_time',
      { timeZone },
    ]);
    chat.model.next(chat.model.callTools(...calls), chat.model.answer('Done.'));
    chat.type('What time is it?');
    await chat.until('has to be allowed', 2);
    chat.type('/asked');
    await chat.until('  2  Ada: current_time {"timeZone":"Europe/Berlin"}');
    chat.type('/approve both');
    await chat.until('! Say which one');
    chat.type('/reject 2 Nobody is in Berlin.');
    await chat.until('· Ada: current_time is rejected.');
    chat.type('/asked');
    await chat.until('  1  Ada: current_time {"timeZone":"UTC"}', 2);
    chat.type('/edit {"timeZone": "Asia/Tokyo"}');
    await chat.until('Ada: Done.\n>');
    expect(lastPrompt()).toContain('Nobody is in Berlin.');
    expect(lastPrompt()).toContain('Tokyo');
    chat.type('/approve');
    await chat.until('· Nothing has to be decided.');
    chat.type('/summaries');
    await chat.until('Agents are still told every message of this room.');
  });

  test('one that has failed is gone on with', async () => {
    await chat.open();
    chat.type('/retry');
    await chat.until('! No agent has answered here yet.');
    chat.model.next(chat.model.fail());
    chat.type('Hello');
    await chat.until('! The OpenAI-compatible server refused the request as invalid.');
    chat.type('/requeue');
    await chat.until('! No step of the last run was interrupted');
    chat.model.next(chat.model.answer('Here I am.'));
    chat.type('/retry');
    await chat.until('Ada: Here I am.\n>');
    chat.type('/retry');
    await chat.until('! A run that is SUCCEEDED cannot be retried.');
  });

  test('one that began before one came can be cancelled', async () => {
    const held = chat.model.held('Endless ');
    chat.model.next(held.play);
    await sendMessage(chat.olga.client, chat.roomId, 'Go on for ever');
    await chat.open();
    await chat.until('Ada: Endless');
    chat.type('/cancel');
    await chat.until('· Cancelled.');
  });
});

test('of a team is shown who is at work', async () => {
  const tool = { name: 'calculator' };
  const [bea, cem] = await Promise.all(
    ['Bea', 'Cem'].map((name) =>
      chat.server.seed.agent(chat.olga, {
        name,
        model: chat.model.modelId,
        instructions: `<${name}>`,
        tools: name === 'Bea' ? [tool] : [],
      }),
    ),
  );
  const nodes = [
    { key: 'bea', agentId: bea?.id },
    { key: 'cem', agentId: cem?.id },
  ];
  const team = { nodes, sequential: { steps: [{ node: 'bea' }, { node: 'cem' }] } };
  const duo = await chat.server.seed.agent(chat.olga, { name: 'Duo', model: chat.model.modelId, team });
  chat.model.script('<Bea>', chat.model.callTools(['calculator', { expression: '1+' }]), chat.model.answer('Two?'));
  chat.model.script('<Cem>', chat.model.answer('Two.'));
  await chat.makeRoom([duo]);
  await chat.open();
  chat.type('Add it up');
  await chat.until('Duo: Two.');
  await chat.until('· Cem is at work.');
  expect(chat.shown).toContain(
    '· Bea is at work.\n· Bea calls calculator.\n· Bea: calculator has failed: It cannot be',
  );
});
