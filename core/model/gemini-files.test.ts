import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { GEMINI, KEYS } from './dialect.fixture.ts';
import { FaultServer } from './fault-server.fixture.ts';
import { GeminiProvider } from './gemini.provider.ts';
import { GeminiFileStore } from './gemini-file-store.fixture.ts';
import type { ModelProvider } from './model.port.ts';

const server = new FaultServer();
let store: GeminiFileStore;
let provider: ModelProvider;

beforeAll(async () => {
  await server.start();
  provider = GEMINI.makeProvider(server.url);
});
beforeEach(() => {
  store = new GeminiFileStore(() => server.url);
  server.play((response, request) => void (store.answer(response, request) || response.writeHead(404).end()));
});
afterAll(async () => {
  await provider.close?.();
  await server.stop();
});

const upload = (bytes: Buffer, signal = new AbortController().signal) =>
  provider.uploadFile?.({ fileName: 'Über uns.pdf', mimeType: 'application/pdf', bytes }, signal);

it('gives a file of several pieces to Google and says where it is, and until when', async () => {
  const bytes = randomBytes(9 * 1024 * 1024);
  const given = await upload(bytes);
  expect(store.uploads).toHaveLength(1);
  expect(store.uploads[0]).toMatchObject({ displayName: 'Über uns.pdf', mimeType: 'application/pdf' });
  expect(store.uploads[0]?.bytes.equals(bytes)).toBe(true);
  expect(given?.uri).toBe(`${server.url}/v1beta/files/parley-1`);
  expect(given?.expiresAt.getTime()).toBeGreaterThan(Date.now() + 47 * 3_600_000);
  expect(server.requests.every(({ headers }) => headers['x-goog-api-key'] === KEYS.gemini)).toBe(true);
});

it('waits until Google has read it', async () => {
  store.states = ['PROCESSING', 'PROCESSING'];
  await upload(Buffer.from('x'));
  expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(2);
});

const refuse = (status: number) => {
  store.refuse = (response) => response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{}}');
};

const cutOff = () => {
  store.refuse = (response) => response.socket?.resetAndDestroy();
};

it.each([
  ['cannot be read', 'MODEL_INVALID_REQUEST', () => store.states.push('FAILED')],
  ['is refused for now', 'MODEL_OVERLOADED', () => refuse(503)],
  ['comes too often', 'MODEL_RATE_LIMITED', () => refuse(429)],
  ['comes with a bad key', 'MODEL_AUTHENTICATION', () => refuse(403)],
  ['is cut off', 'MODEL_CONNECTION', cutOff],
])('says in its own words that a file %s', async (_what, code, arrange) => {
  arrange();
  await expect(upload(Buffer.from('x'))).rejects.toMatchObject({ name: 'ModelError', code });
});

it('stops at once, and hangs up', async () => {
  const stop = new AbortController();
  const reached = new Promise<void>((resolve) => {
    store.refuse = () => resolve();
  });
  const uploading = upload(Buffer.from('x'), stop.signal);
  await reached;
  stop.abort();
  await expect(uploading).rejects.toMatchObject({ code: 'MODEL_CANCELLED' });
  await server.whenClientLeaves();
});

it('tells the files of one key from those of another, without the key', () => {
  const [one, other] = ['a-key', 'another'].map((apiKey) => new GeminiProvider({ apiKey, baseUrl: server.url }));
  expect(one?.account).not.toBe(other?.account);
  expect(one?.account).not.toContain('a-key');
});
