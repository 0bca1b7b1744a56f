import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { atFileEnd } from '#test/support/file-end';
import { sendMessage } from '#test/support/room-call';
import { type RoomEvent, RoomReader } from '#test/support/room-reader';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { download, png, type UploadedFile, upload } from './upload.fixture.ts';

let server: TestServer;
let files: string;
let owner: Person;
let max: Person;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'parley-files-'));
  atFileEnd(() => rm(files, { recursive: true, force: true }));
  server = await startTestServer({ PARLEY_FILES: files });
  owner = await server.seed.owner('Olga');
  max = await server.seed.member(owner, 'MEMBER', 'Max');
});

const take = async ({ client }: Person, fileName = 'a.png') =>
  (await upload(client, png(2, 2), fileName)).attachment as UploadedFile;

/** The ids of files of which a row or bytes are left. */
async function left(...some: UploadedFile[]): Promise<string[]> {
  const { rows } = await server.pool().query<{ id: string }>('SELECT id::text FROM attachments');
  const stored = await readdir(files, { recursive: true });
  const kept = new Set([...rows.map(({ id }) => id), ...stored.map((path) => path.split('/').at(-1)?.slice(0, 36))]);
  return some.map(({ id }) => id).filter((id) => kept.has(id));
}

async function untilEvent(orgId: string, type: string): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    const found = await server
      .pool()
      .query('SELECT 1 FROM outbox_events WHERE org_id = $1 AND type = $2', [orgId, type]);
    if (found.rows.length > 0) return;
    await sleep(50);
  }
  throw new Error(`There was no ${type}.`);
}

const ids = (...some: UploadedFile[]) => ({ attachmentIds: some.map(({ id }) => id) });

describe('files', { timeout: 60_000 }, () => {
  it('of a person who is erased go with his words, from the store and from every replay', async () => {
    const room = await server.seed.room(owner, { people: [max] });
    const [words, alone, unsent] = [await take(max, 'secret-plan.png'), await take(max), await take(max)];
    const [hers] = [await take(owner)];
    await sendMessage(max.client, room.id, 'Look', ids(words));
    await sendMessage(max.client, room.id, '', ids(alone));
    await sendMessage(owner.client, room.id, 'Mine', ids(hers));
    expect(await left(words, alone, unsent, hers)).toHaveLength(4);
    await download(owner.client, words.thumbnailUrl ?? '', {});

    await owner.client.request('mutation ($id: ID!) { erasePerson(input: { userId: $id }) { erasedUserId } }', {
      id: max.id,
    });
    await untilEvent(owner.orgId, 'person.erased');
    expect(await left(words, alone, unsent, hers)).toEqual([hers.id]);
    expect((await download(owner.client, words.url, {})).status).toBe(404);
    expect((await download(owner.client, `/attachments/${hers.id}`)).status).toBe(200);
    const reader = new RoomReader(
      owner.client,
      room.id,
      Buffer.from('["e","0"]').toString('base64url'),
      '__typename cursor at ... on MessageAdded { message { text parts { __typename } attachments { id } } }',
    );
    await reader.until(({ __typename }) => __typename === 'PersonErased');
    await reader.close();
    type Shown = { text: string; attachments: { id: string }[] };
    const shown = reader.events.flatMap(({ message }: RoomEvent) => (message as unknown as Shown | undefined) ?? []);
    expect(shown.map(({ text, attachments }) => [text, attachments.length])).toEqual([
      ['', 0],
      ['', 0],
      ['Mine', 1],
    ]);
    const { rows } = await server.pool().query<{ payload: string }>('SELECT payload FROM stream_events');
    expect(JSON.stringify(rows)).not.toContain('secret-plan');
  });

  it('go with the messages that an organization keeps no longer', async () => {
    const room = await server.seed.room(owner);
    const [old, young] = [await take(owner), await take(owner)];
    const { message } = await sendMessage(owner.client, room.id, 'Old', ids(old));
    await sendMessage(owner.client, room.id, 'New', ids(young));
    await server
      .pool()
      .query("UPDATE messages SET created_at = now() - interval '40 days' WHERE id = $1", [message.id]);
    await owner.client.request('mutation { setRetention(input: { messagesDays: 30 }) { __typename } }');
    await untilEvent(owner.orgId, 'retention.applied');
    expect(await left(old, young)).toEqual([young.id]);
    expect((await download(owner.client, old.url, {})).status).toBe(404);
  });
});
