import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logIn, sessionCredential } from './credential.ts';
import { fileStore } from './session-store.ts';
import { ToyChat } from './toy-chat.fixture.ts';

let toy: ToyChat;
let folder: string;
let endpoint: URL;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'parley-session-'));
  toy = new ToyChat();
  await toy.start();
  endpoint = new URL('graphql', toy.url);
});

afterEach(async () => {
  await toy.stop();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => path.join(folder, 'session.json');

test('a session is kept for its user alone, one for each server, without the password', async () => {
  const session = await logIn(endpoint, 'ada@example.com', 'correct');
  await fileStore(folder, 'http://one').write(session);
  await fileStore(folder, 'http://two').write({ ...session, refreshToken: 'other' });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readFileSync(file(), 'utf8')).not.toContain('correct');
  expect(await fileStore(folder, 'http://one').read()).toEqual(session);
  await fileStore(folder, 'http://one').write(null);
  expect(await fileStore(folder, 'http://one').read()).toBeNull();
  expect((await fileStore(folder, 'http://two').read())?.refreshToken).toBe('other');
});

test('a spoilt file means logging in again', async () => {
  writeFileSync(file(), '{"half');
  expect(await fileStore(folder, 'http://one').read()).toBeNull();
});

test('clients that share a session never use a refresh token twice', async () => {
  toy.tokenLifetime = 1_000;
  const session = await logIn(endpoint, 'ada@example.com', 'correct');
  await fileStore(folder, endpoint.origin).write(session);
  const clients = Array.from({ length: 5 }, () =>
    sessionCredential(endpoint, fileStore(folder, endpoint.origin), session),
  );
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(clients.flatMap((client) => [client.authorization(), client.authorization()]));
    for (const answer of answers) expect(answer).toMatch(/^Bearer id-/);
  }
  expect(toy.replays).toBe(0);
});

test('a session outlives a renewal whose answer was lost', async () => {
  toy.tokenLifetime = 1_000;
  const session = await logIn(endpoint, 'ada@example.com', 'correct');
  const store = fileStore(folder, endpoint.origin);
  await store.write(session);
  const credential = sessionCredential(endpoint, store, session);
  toy.renewalsToLose = 1;
  await expect(credential.authorization()).rejects.toThrow('cannot be reached');
  expect(await credential.authorization()).toMatch(/^Bearer id-/);
  // The one after it goes by a key of its own.
  expect(await credential.authorization()).toMatch(/^Bearer id-/);
  expect(toy.replays).toBe(0);
});

test('a session that has ended is forgotten and says so', async () => {
  toy.tokenLifetime = 1_000;
  const session = await logIn(endpoint, 'ada@example.com', 'correct');
  const store = fileStore(folder, endpoint.origin);
  await store.write(session);
  const credential = sessionCredential(endpoint, store, { ...session, refreshToken: 'used' });
  await store.write({ ...session, refreshToken: 'used' });
  await expect(credential.authorization()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await store.read()).toBeNull();
});
