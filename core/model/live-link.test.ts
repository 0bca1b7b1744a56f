import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GeminiLive } from './gemini-live.ts';
import { type ClientInput, LiveBacklog } from './live-backlog.ts';
import { type LinkEvent, type LinkOptions, LiveLink } from './live-link.ts';
import { LIVE_MODEL, LIVE_USAGE, LiveServer, type LiveWire } from './live-server.fixture.ts';
import type { ModelError } from './model-error.ts';

let server: LiveServer;

beforeAll(async () => {
  server = await LiveServer.start();
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

const port = (apiKey = 'test-key', baseUrl = server.url) => new GeminiLive({ apiKey, baseUrl, label: 'Gemini' });

const openLink = (options: Partial<LinkOptions> = {}, modality: 'AUDIO' | 'TEXT' = 'AUDIO') => {
  const { signal } = new AbortController();
  return new LiveLink({
    open: (handle) => port().connect({ model: LIVE_MODEL, modality, ...(handle !== null && { handle }) }, { signal }),
    policy: { baseDelayMs: 1, handleWithinMs: 50 },
    ...options,
  });
};

/** Reads until the end of a turn; what is void is left out, as a client would. */
const readTurn = async (link: LiveLink) => {
  const events: LinkEvent[] = [];
  let restarts = 0;
  for (;;) {
    const event = await link.next();
    if (event.type === 'restarted') {
      restarts += 1;
      events.length = 0;
    }
    events.push(event);
    if (event.type !== 'turn_end') continue;
    const spoken = events.flatMap((each) => (each.type === 'audio' ? Buffer.from(each.data, 'base64').toString() : []));
    return { ...event, events, restarts, spoken: spoken.join('') };
  }
};

const base64 = (text: string) => Buffer.from(text).toString('base64');
const speech = (text: string): ClientInput[] => [
  ...(text.match(/.{1,4}/g) ?? []).map((data) => ({
    type: 'audio' as const,
    data: base64(data),
    mimeType: 'audio/pcm;rate=16000',
  })),
  { type: 'audio_end' },
];
const write = (text: string): ClientInput => ({ type: 'text', text, endOfTurn: true });
const lastWire = (): LiveWire => server.wires.at(-1) as LiveWire;

describe('a live session on one connection', () => {
  it('is set up once, takes a written turn and counts it', async () => {
    const link = openLink();
    link.send(write('Hello there'), 1);
    const { turn, settled, spoken, events, interrupted } = await readTurn(link);
    expect({ turn, settled, spoken, interrupted }).toEqual({
      turn: { user: 'Hello there', model: 'I heard: Hello there' },
      settled: 1,
      spoken: 'I heard: Hello there',
      interrupted: false,
    });
    const usage = events.find(({ type }) => type === 'usage');
    expect(usage).toMatchObject({
      usage: {
        inputTokens: 20,
        cachedInputTokens: 3,
        toolUseInputTokens: 2,
        outputTokens: 7,
        thinkingTokens: 5,
        totalTokens: 34,
        raw: LIVE_USAGE,
      },
    });
    expect(await link.next()).toEqual({ type: 'handle', handle: expect.stringMatching(/^handle-/) });
    expect(lastWire().setup).toEqual({
      model: `models/${LIVE_MODEL}`,
      generationConfig: { responseModalities: ['AUDIO'] },
      sessionResumption: {},
      contextWindowCompression: { slidingWindow: {} },
      inputAudioTranscription: {},
      outputAudioTranscription: {},
    });
    link.close();
  });

  it('takes a spoken turn, with what was understood of it', async () => {
    const link = openLink({}, 'TEXT');
    for (const [index, input] of speech('Good morning').entries()) link.send(input, index + 1);
    const { turn, settled } = await readTurn(link);
    expect({ turn, settled }).toEqual({ turn: { user: 'Good morning', model: 'I heard: Good morning' }, settled: 4 });
    link.close();
  });

  it('ends an answer that is spoken over, and answers what was said then', async () => {
    const link = openLink();
    link.send(write('One two three [hold]'), 1);
    while ((await link.next()).type !== 'audio');
    for (const [index, input] of speech('Stop it').entries()) link.send(input, index + 2);
    const first = await readTurn(link);
    expect(first).toMatchObject({ interrupted: true, settled: 1, turn: { user: 'One two three [hold]' } });
    const second = await readTurn(link);
    expect(second).toMatchObject({
      interrupted: false,
      settled: 4,
      turn: { user: 'Stop it', model: 'I heard: Stop it' },
    });
    link.close();
  });

  it('tells the model of what was said before, once', async () => {
    const history = async () => [
      { role: 'user' as const, parts: [{ type: 'text' as const, text: 'I am Olga' }] },
      { role: 'model' as const, parts: [{ type: 'text' as const, text: 'Hello Olga' }] },
    ];
    const link = openLink({ history });
    link.send(write('Hi'), 1);
    await readTurn(link);
    expect(await link.next()).toMatchObject({ type: 'handle' });
    server.drop();
    link.send(write('Again'), 2);
    await readTurn(link);
    expect(server.wires[0]?.received[0]).toMatchObject({ clientContent: { turnComplete: false } });
    expect(lastWire().resumed).toEqual(['user: I am Olga', 'model: Hello Olga', 'user: Hi', 'model: I heard: Hi']);
    expect(JSON.stringify(lastWire().received)).not.toContain('Olga');
    link.close();
  });

  it('answers calls of tools, and none that was asked for on another connection', async () => {
    const link = openLink({}, 'TEXT');
    link.send(write('Now [call clock]'), 1);
    expect(await link.next()).toEqual({ type: 'tool_call', id: 'call-1', name: 'clock', args: { of: 'Oslo' } });
    server.drop();
    while ((await link.next()).type !== 'tool_call');
    link.respond([{ type: 'tool_result', id: 'another', name: 'clock', result: 'never' }]);
    link.respond([{ type: 'tool_result', id: 'call-1', name: 'clock', result: '12:00' }]);
    const { turn } = await readTurn(link);
    expect(turn.model).toBe('It says {"output":"12:00"}');
    expect(lastWire().received.filter((message) => message.toolResponse)).toHaveLength(1);
    link.close();
  });
});

describe('a live session whose connection is lost', () => {
  const ANSWER = 'I heard: one two three four';
  // setupComplete, transcript, six words, generationComplete, turnComplete, handle.
  const MESSAGES = 11;
  const moments = Array.from({ length: MESSAGES }, (_, message) => message);

  it.each(moments.flatMap((message) => (['drop', 'close', 'garbage'] as const).map((how) => ({ message, how }))))(
    'by $how in place of message $message answers each turn whole, and once',
    async ({ message, how }) => {
      server.fault = (moment) => (moment.connection === 1 && moment.message === message ? how : null);
      const link = openLink();
      for (const [index, input] of speech('one two three four').entries()) link.send(input, index + 1);
      const first = await readTurn(link);
      expect(first.turn).toEqual({ user: 'one two three four', model: ANSWER });
      expect(first.spoken).toBe(ANSWER);
      expect(first.restarts).toBe(message > 1 && message < MESSAGES - 1 ? 1 : 0);
      link.send(write('And?'), 100);
      const second = await readTurn(link);
      expect(second).toMatchObject({ settled: 100, turn: { user: 'And?', model: 'I heard: And?' } });
      // Whether by a handle or because it was told again, the model knows each turn, and once.
      expect(await link.next()).toMatchObject({ type: 'handle' });
      server.drop();
      link.send(write('Bye'), 101);
      await readTurn(link);
      expect(lastWire().resumed).toEqual([
        'user: one two three four',
        `model: ${ANSWER}`,
        'user: And?',
        'model: I heard: And?',
      ]);
      expect(server.wires).toHaveLength(3);
      link.close();
    },
  );

  it('again and again comes back as long as turns end, and says what it is where none does', async () => {
    server.fault = ({ message, connection }) => (message === 3 && connection % 2 === 1 ? 'drop' : null);
    const link = openLink();
    for (let turn = 1; turn <= 6; turn++) {
      link.send(write(`Turn ${turn}`), turn);
      expect((await readTurn(link)).turn.model).toBe(`I heard: Turn ${turn}`);
    }
    server.fault = ({ message }) => (message >= 2 ? 'drop' : null);
    link.send(write('Never'), 7);
    await expect(readTurn(link)).rejects.toMatchObject({ code: 'MODEL_CONNECTION', retryable: true });
    expect(link.send(write('Late'), 8)).toBe(false);
  });

  it('with a handle that is no longer taken says so at once', async () => {
    const link = openLink();
    link.send(write('Hello'), 1);
    await readTurn(link);
    expect(await link.next()).toMatchObject({ type: 'handle' });
    server.forgetful = true;
    server.drop();
    await expect(link.next()).rejects.toMatchObject({ code: 'MODEL_INVALID_REQUEST', retryable: false });
    expect(server.wires).toHaveLength(2);
  });

  it('which was announced in the middle of an answer lets it end first', async () => {
    server.fault = ({ connection, message }) => (connection === 1 && message === 3 ? 'go_away' : null);
    const link = openLink();
    link.send(write('one two three'), 1);
    const first = await readTurn(link);
    expect(first.restarts).toBe(0);
    link.send(write('And?'), 2);
    const second = await readTurn(link);
    expect(second.turn.model).toBe('I heard: And?');
    expect(server.wires).toHaveLength(2);
    expect(lastWire().resumed).toEqual(['user: one two three', 'model: I heard: one two three']);
    link.close();
  });

  it('which was announced, before a handle that never comes, tells the model again', async () => {
    server.fault = ({ connection, message }) => (connection === 1 && message === 3 ? 'go_away' : null);
    const link = openLink();
    link.send(write('one [late handle]'), 1);
    await readTurn(link);
    const next = link.next();
    await expect.poll(() => server.wires.length).toBe(2);
    link.send(write('And?'), 2);
    expect(await next).toMatchObject({ type: expect.any(String) });
    await readTurn(link);
    expect(lastWire().resumed).toBeNull();
    expect(lastWire().received[0]).toMatchObject({
      clientContent: {
        turnComplete: false,
        turns: [{ role: 'user', parts: [{ text: 'one [late handle]' }] }, { role: 'model' }],
      },
    });
    link.close();
  });

  it('which was announced for too soon breaks off the answer and begins it again', async () => {
    server.timeLeft = '0.1s';
    server.fault = ({ connection, message }) => (connection === 1 && message === 2 ? 'go_away' : null);
    const link = openLink();
    link.send(write('one two [hold]'), 1);
    const turn = readTurn(link);
    await expect.poll(() => server.holds(2)).toBe(true);
    server.release();
    expect(await turn).toMatchObject({ restarts: 1, turn: { model: 'I heard: one two [hold]' } });
    link.close();
    server.timeLeft = '10s';
  });
});

describe('a live session that cannot be opened', () => {
  const connect = (live: GeminiLive, setupTimeoutMs = 5_000) =>
    live
      .connect({ model: LIVE_MODEL, modality: 'AUDIO' }, { signal: new AbortController().signal, setupTimeoutMs })
      .then(
        () => null,
        (error: ModelError) => error,
      );

  it.each([
    [429, 'MODEL_RATE_LIMITED', true],
    [503, 'MODEL_OVERLOADED', true],
    [401, 'MODEL_AUTHENTICATION', false],
    [400, 'MODEL_INVALID_REQUEST', false],
  ] as const)('because of status %d', async (status, code, retryable) => {
    server.refuseHandshake = status;
    expect(await connect(port())).toMatchObject({ code, retryable });
  });

  it('with a wrong key says so, and does not repeat it', async () => {
    const error = await connect(port('a-wrong-secret-key'));
    expect(error).toMatchObject({ code: 'MODEL_AUTHENTICATION' });
    expect(`${error?.stack}${JSON.stringify(error)}${String((error?.cause as Error)?.stack)}`).not.toContain('a-wrong');
  });

  it('because nobody is there', async () => {
    expect(await connect(port('test-key', 'http://127.0.0.1:9'))).toMatchObject({ code: 'MODEL_CONNECTION' });
  });

  it('because the setup is not answered in time', async () => {
    server.fault = () => 'garbage';
    expect(await connect(port())).toMatchObject({ code: 'MODEL_BAD_RESPONSE' });
    const silent = port();
    server.fault = ({ body }) => {
      // What is sent in its place is no answer to the setup.
      delete body.setupComplete;
      return null;
    };
    expect(await connect(silent, 100)).toMatchObject({ code: 'MODEL_TIMEOUT' });
    await expect.poll(() => server.open).toBe(0);
  });

  it('because it was given up', async () => {
    const giveUp = new AbortController();
    giveUp.abort();
    const given = port().connect({ model: LIVE_MODEL, modality: 'AUDIO' }, { signal: giveUp.signal });
    await expect(given).rejects.toMatchObject({ code: 'MODEL_CANCELLED' });
  });
});

describe('what was said and not answered', () => {
  const audio = (length: number): ClientInput => ({ type: 'audio', data: 'x'.repeat(length), mimeType: 'audio/pcm' });

  it('is never more than its bound, keeps what was written, and refuses what it cannot keep', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('audio' as const), length: fc.nat(400) }),
      fc.record({
        kind: fc.constantFrom('text' as const, 'send' as const, 'begin' as const, 'end' as const, 'lost' as const),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const backlog = new LiveBacklog(2_000);
        const written: string[] = [];
        const taken: string[] = [];
        let sequence = 0;
        for (const each of steps) {
          sequence += 1;
          if (each.kind === 'audio') backlog.add(audio(each.length), sequence);
          else if (each.kind === 'text') {
            const text = `t${sequence}`;
            if (backlog.add({ type: 'text', text, endOfTurn: false }, sequence)) written.push(text);
          } else if (each.kind === 'send') backlog.takeUnsent();
          else if (each.kind === 'begin') backlog.answerBegins();
          else if (each.kind === 'lost') backlog.connectionLost();
          else taken.push(...backlog.answerEnds().inputs.flatMap((input) => (input.type === 'text' ? input.text : [])));
          expect(backlog.size).toBeLessThanOrEqual(2_000);
        }
        backlog.connectionLost();
        for (let input = backlog.takeUnsent(); input; input = backlog.takeUnsent()) {
          if (input.type === 'text') taken.push(input.text);
        }
        expect(taken).toEqual(written);
      }),
    );
  });
});
