import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

describe('teams whose members speak for themselves', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);

  describe('that hand the conversation over', () => {
    it('stay with whoever has it, also for the next message, and refuse to bounce', async () => {
      const [desk, shop] = await Promise.all([stage.agent('Desk'), stage.agent('Shop')]);
      const team = await stage.team('Hand', [desk, shop], {
        handoff: {
          edges: [
            { from: 'desk', to: 'shop' },
            { from: 'shop', to: 'desk' },
          ],
        },
      });
      stage.script('Desk', stage.model.callTools(['hand_to_shop', { reason: 'It is about buying.' }]));
      stage.script('Shop', say('We sell it.'), say('Still the shop.'));
      const room = await stage.enter(team);
      const first = await stage.ask(room, 'Can I buy it?');
      expect(first.run.state).toBe('SUCCEEDED');
      expect(first.text).toBe('We sell it.');
      expect(JSON.stringify(stage.model.callsOf('<Shop>')[0]?.body)).toContain('It is about buying.');
      expect((await stage.ask(room, 'And now?')).text).toBe('Still the shop.');
      const to = (name: string) => stage.model.callTools([`hand_to_${name}`, {}]);
      stage.script('Shop', to('desk'), to('desk'), to('desk'), say('Then I answer.'));
      stage.script('Desk', to('shop'), to('shop'), to('shop'), say('Then I.'));
      const bounced = await stage.ask(room, 'Whose is it?');
      expect(bounced.run.state).toBe('SUCCEEDED');
      expect(JSON.stringify(stage.model.calls.map(({ body }) => body))).toContain('back and forth');
      await stage.leave(room);
    });

    it('come back to whoever handed over with RETURN_TO_PARENT', async () => {
      const [main, aide] = await Promise.all([stage.agent('Main'), stage.agent('Aide')]);
      const team = await stage.team('Back', [main, aide], {
        handoff: { edges: [{ from: 'main', to: 'aide' }], returns: 'RETURN_TO_PARENT', history: 'NONE' },
      });
      stage.script('Main', stage.model.callTools(['hand_to_aide', {}]), say('And I close.'));
      stage.script('Aide', say('I know.'));
      const room = await stage.enter(team);
      const { text, run } = await stage.ask(room, 'Who knows?');
      expect(run.state).toBe('SUCCEEDED');
      expect(text).toBe('I know.\n\nAnd I close.');
      await stage.leave(room);
    });
  });

  describe('that chat', () => {
    it('speak in turn, each in a message of its own, and end with what came of it', async () => {
      const [kim, lou] = await Promise.all([stage.agent('Kim'), stage.agent('Lou')]);
      const team = await stage.team('Chat', [kim, lou], { groupChat: { maxRounds: 1 } });
      stage.script('Kim', say('I say A.'));
      stage.script('Lou', say('I say B.'));
      stage.script('Chat', say('A and B.'));
      const room = await stage.enter(team);
      const { run, text } = await stage.ask(room, 'Discuss.');
      expect(run.state).toBe('SUCCEEDED');
      expect(text).toBe('A and B.');
      const messages = room.reader.events
        .filter(({ __typename }) => __typename === 'MessageCompleted')
        .map(({ message }) => [message?.author.name, message?.text]);
      expect(messages).toEqual([
        ['Kim', 'I say A.'],
        ['Lou', 'I say B.'],
        ['Chat', 'A and B.'],
      ]);
      expect(JSON.stringify(stage.model.callsOf('<Lou>')[0]?.body)).toContain('Kim (agent): I say A.');
      await stage.leave(room);
    });

    it('let the manager choose and end', async () => {
      const [nan, otto] = await Promise.all([stage.agent('Nan'), stage.agent('Otto')]);
      const team = await stage.team('Led', [nan, otto], { groupChat: { speaker: 'MODEL', maxRounds: 5 } });
      stage.script(
        'Led',
        say('{"next": "otto", "reason": "He knows."}'),
        say('{"next": "DONE", "reason": "All is said."}'),
        say('Otto is right.'),
      );
      stage.script('Otto', say('It is so.'));
      const room = await stage.enter(team);
      const { run, text } = await stage.ask(room, 'Discuss.');
      expect(text).toBe('Otto is right.');
      expect(
        run.steps.filter(({ kind, name }) => kind === 'DECISION' && name === 'speaker').map(({ output }) => output),
      ).toEqual(['otto', null]);
      await stage.leave(room);
    });
  });
});
