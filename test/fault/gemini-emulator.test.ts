import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYS } from '#core/model/dialect.fixture';
import { sendMessage } from '#test/support/room-call';
import { isFinal, RoomReader } from '#test/support/room-reader';
import type { Person, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { auditRoom } from '#test/support/stream-audit';

const REPLY = 'In a room, people and agents meet; every reply streams token by token.';

const COUNTS = { promptTokenCount: 21, candidatesTokenCount: 17, totalTokenCount: 38 };

describe('the main flow through the real Gemini SDK, on an emulator of its API', { timeout: 60_000 }, () => {
  const emulator = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent', chunkSize: 6 });
  let test: TestServer;
  let olga: Person;
  let room: SeededRoom;

  beforeAll(async () => {
    await emulator.start();
    emulator.on({ userMessage: 'What is Parley?' }, { content: REPLY, usage: COUNTS });
    test = await startTestServer({ GEMINI_API_KEY: KEYS.gemini, GEMINI_BASE_URL: emulator.url });
    olga = await test.seed.owner('Olga');
    // The agent names no model: Gemini is the default where it is set up.
    const agent = await test.seed.agent(olga, { name: 'Gem' });
    room = await test.seed.room(olga, { agents: [agent] });
  }, 120_000);

  afterAll(() => emulator.stop());

  it('streams the reply and stores the counts as they came', async () => {
    const reader = new RoomReader(olga.client, room.id, room.cursor);
    const { run } = await sendMessage(olga.client, room.id, 'What is Parley?');
    const final = await reader.until(isFinal);
    await reader.close();
    expect(final.run).toMatchObject({ id: run?.id, state: 'SUCCEEDED', attempt: 1, error: null });
    expect(reader.events.find(({ __typename }) => __typename === 'MessageCompleted')?.message).toMatchObject({
      text: REPLY,
      status: 'COMPLETE',
      author: { name: 'Gem' },
    });
    await auditRoom(test.pool(), room.id, reader.events, room.cursor);
    const { rows } = await test.pool().query('select model, outcome, usage, raw_usage as raw from model_calls');
    expect(rows).toMatchObject([{ model: expect.stringMatching(/^gemini\//), outcome: 'SUCCEEDED' }]);
    const counts = { inputTokens: 21, outputTokens: 17, totalTokens: 38 };
    expect(rows[0]).toMatchObject({ usage: counts, raw: COUNTS });
    expect(final.run?.usage).toMatchObject(counts);
  });

  it('ends with words for people where the provider knows no answer', async () => {
    const reader = new RoomReader(olga.client, room.id, null);
    const { run } = await sendMessage(olga.client, room.id, 'Something that the emulator was never told');
    const final = await reader.until((event) => isFinal(event) && event.run?.id === run?.id);
    await reader.close();
    expect(final.run?.state).toBe('FAILED');
    expect(final.run?.error?.code).toMatch(/^MODEL_/);
    expect(JSON.stringify(reader.events)).not.toContain(KEYS.gemini);
  });
});
