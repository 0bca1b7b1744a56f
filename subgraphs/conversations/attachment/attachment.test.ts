import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '#core/database/database';
import { Transactions } from '#core/database/transaction';
import { createLog } from '#core/log';
import { createSealer } from '#core/seal';
import { DiskStorage } from '#core/storage/disk-storage';
import { S3Server } from '#core/storage/s3-server.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person } from '#test/support/seed';
import { startTestServer, TEST_SECRETS, type TestServer } from '#test/support/server';
import { AttachmentStore } from './attachment-store.ts';
import { sweepAttachments } from './attachment-sweep.ts';
import { download, PDF, png, type UploadedFile, upload } from './upload.fixture.ts';

let server: TestServer;
let files: string;
let owner: Person;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'parley-files-'));
  atFileEnd(() => rm(files, { recursive: true, force: true }));
  server = await startTestServer({ PARLEY_FILES: files, PUBLIC_URL: 'https://parley.example/' });
  owner = await server.seed.owner();
});

const SEND = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { message { id text parts { ...Part } attachments { id fileName url } } run { id } }
}
fragment Part on MessagePart {
  __typename ... on TextPart { text } ... on ImagePart { attachment { ...File } } ... on FilePart { attachment { ...File } }
}
fragment File on Attachment { id fileName mimeType byteSize width height createdAt }`;

interface Sent {
  sendMessage: {
    message: {
      id: string;
      text: string;
      parts: { __typename: string; text?: string; attachment?: UploadedFile }[];
      attachments: UploadedFile[];
    };
    run: { id: string } | null;
  };
}

const taken = async (person: Person, ...args: [(Uint8Array | string)?, string?, string?]) =>
  (await upload(person.client, args[0] ?? png(2, 2), args[1], args[2])).attachment as UploadedFile;

/** Everything that lies in the folder, but for what tells whose it is. */
const stored = async () =>
  (await readdir(files, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name !== 'installation')
    .map(({ name }) => name)
    .sort();

const pathOf = ({ url }: UploadedFile): string => url.replace('https://parley.example', '');

describe('a message with files', () => {
  it('has them as its parts, in their order, then and later', async () => {
    const room = await server.seed.room(owner);
    const [picture, document] = [await taken(owner), await taken(owner, PDF, 'plan.pdf', 'application/pdf')];
    const { sendMessage } = await owner.client.request<Sent>(SEND, {
      input: { conversationId: room.id, text: 'Look', attachmentIds: [document.id, picture.id] },
    });
    const { message } = sendMessage;
    expect(message.parts).toEqual([
      { __typename: 'TextPart', text: 'Look' },
      { __typename: 'FilePart', attachment: fileOf(document) },
      { __typename: 'ImagePart', attachment: fileOf(picture) },
    ]);
    expect(message.attachments.map(({ id }) => id)).toEqual([document.id, picture.id]);
    expect(message.attachments[0]?.url).toMatch(/^https:\/\/parley\.example\/attachments\//);
    const { message: later } = await owner.client.request<{ message: Sent['sendMessage']['message'] }>(
      `query ($id: ID!) { message(id: $id) { id text parts { ...Part } } } ${SEND.slice(SEND.indexOf('fragment'))}`,
      { id: message.id },
    );
    expect(later.parts).toEqual(message.parts);
  });

  it('needs no text, and without either there is nothing to send', async () => {
    const room = await server.seed.room(owner);
    const { id } = await taken(owner);
    const input = { conversationId: room.id, text: ' ', attachmentIds: [id] };
    const { sendMessage } = await owner.client.request<Sent>(SEND, { input: { ...input, text: '' } });
    expect(sendMessage.message).toMatchObject({ text: '', parts: [{ __typename: 'ImagePart' }] });
    const refused = await owner.client.refusal(SEND, { input: { ...input, attachmentIds: [] } });
    expect(refused.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.text' }] });
  });

  it('is refused where a file is not there, not one’s own or was sent already, and then sends none', async () => {
    const colleague = await server.seed.member(owner);
    const room = await server.seed.room(owner, { people: [colleague] });
    const [mine, sent, theirs] = [await taken(owner), await taken(owner), await taken(colleague)];
    const send = (ids: string[]) => ({ input: { conversationId: room.id, text: 'x', attachmentIds: ids } });
    await owner.client.request(SEND, send([sent.id]));
    const unknown = '01920000-0000-7000-8000-000000000000';
    const refused = await owner.client.refusal(SEND, send([mine.id, sent.id, theirs.id, unknown]));
    expect(refused.extensions.code).toBe('BAD_USER_INPUT');
    expect(refused.extensions.fields?.map(({ path }) => path)).toEqual([
      'input.attachmentIds.1',
      'input.attachmentIds.2',
      'input.attachmentIds.3',
    ]);
    const malformed = await owner.client.refusal(SEND, send(['nonsense']));
    expect(malformed.extensions.fields?.[0]?.path).toBe('input.attachmentIds.0');
    await owner.client.request(SEND, send([mine.id]));
  });

  it('is written once, however often it is sent under one key', async () => {
    const room = await server.seed.room(owner);
    const { id } = await taken(owner);
    const variables = { input: { conversationId: room.id, text: 'x', attachmentIds: [id] } };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => owner.client.request<Sent>(SEND, variables, { 'idempotency-key': 'a-file' })),
    );
    expect(new Set(answers.map(({ sendMessage }) => sendMessage.message.id)).size).toBe(1);
  });

  it('shows its files to those in the room, and to nobody else', async () => {
    const [colleague, outsider] = [await server.seed.member(owner), await server.seed.member(owner)];
    const room = await server.seed.room(owner, { people: [colleague] });
    const file = await taken(owner);
    await owner.client.request(SEND, { input: { conversationId: room.id, text: '', attachmentIds: [file.id] } });
    const status = async ({ client }: Person) => (await download(client, `/attachments/${file.id}`)).status;
    expect([await status(owner), await status(colleague), await status(outsider)]).toEqual([200, 200, 404]);
    await owner.client.request(
      'mutation ($input: RemoveParticipantInput!) { removeParticipant(input: $input) { removedParticipantId } }',
      { input: { conversationId: room.id, participantId: colleague.id } },
    );
    expect(await status(colleague)).toBe(404);
  });
});

const fileOf = ({ id, fileName, mimeType, byteSize, width, height, createdAt }: UploadedFile) => ({
  id,
  fileName,
  mimeType,
  byteSize,
  width,
  height,
  createdAt,
});

describe('what is not needed any more', () => {
  const sweep = async () => {
    const log = createLog({ level: 'silent', pretty: false });
    const database = await openDatabase({ url: server.database.url, log, poolSize: 2 });
    const transactions = new Transactions(database, createSealer(TEST_SECRETS.sealingKey), () => {});
    const storage = new DiskStorage(files);
    const store = new AttachmentStore({ database, transactions, storage, maxBytes: 1, quotaBytes: 1 });
    try {
      await sweepAttachments({ database, store, log });
    } finally {
      await database.close();
    }
  };

  it('goes with its room, at once for everybody and then from the store', async () => {
    const room = await server.seed.room(owner);
    const file = await taken(owner, png(3, 3));
    await owner.client.request(SEND, { input: { conversationId: room.id, text: '', attachmentIds: [file.id] } });
    expect(
      (await download(owner.client, file.thumbnailUrl?.replace('https://parley.example', '') ?? '', {})).status,
    ).toBe(200);
    expect(await stored()).toEqual(expect.arrayContaining([file.id, `${file.id}-thumbnail`]));
    await owner.client.request(
      'mutation ($input: DeleteConversationInput!) { deleteConversation(input: $input) { deletedConversationId } }',
      { input: { conversationId: room.id } },
    );
    expect((await download(owner.client, pathOf(file), {})).status).toBe(404);
    expect((await download(owner.client, `/attachments/${file.id}`)).status).toBe(404);
    await sweep();
    expect((await stored()).filter((name) => name.startsWith(file.id))).toEqual([]);
  });

  it('goes where it was never sent, a day later, and not before', async () => {
    const [old, young, sent] = [await taken(owner), await taken(owner), await taken(owner)];
    const room = await server.seed.room(owner);
    await owner.client.request(SEND, { input: { conversationId: room.id, text: '', attachmentIds: [sent.id] } });
    await server
      .pool()
      .query("update attachments set expires_at = now() - interval '1 second' where id = $1", [old.id]);
    await sweep();
    const names = await stored();
    expect([old, young, sent].map(({ id }) => names.includes(id))).toEqual([false, true, true]);
    const { rows } = await server.pool().query('select 1 from attachments where id = $1', [old.id]);
    expect(rows).toEqual([]);
    const refused = await owner.client.refusal(SEND, {
      input: { conversationId: room.id, text: 'x', attachmentIds: [old.id] },
    });
    expect(refused.extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('a store in a bucket', () => {
  it('takes and gives the same, and says when it is away', async () => {
    const s3 = await new S3Server().start();
    atFileEnd(() => s3.stop());
    const { bucketUrl, region, accessKeyId, secretAccessKey } = s3.options;
    const elsewhere = await startTestServer({
      S3_BUCKET_URL: bucketUrl,
      S3_REGION: region,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    });
    const person = await elsewhere.seed.owner();
    const picture = png(30, 30);
    const file = await taken(person, picture);
    expect([...s3.objects.values()].map((bytes) => bytes.equals(picture))).toEqual([true]);
    const given = await download(person.client, file.url, {});
    expect(Buffer.from(await given.arrayBuffer()).equals(picture)).toBe(true);
    const part = await download(person.client, file.url, { range: 'bytes=1-3' });
    expect([part.status, await part.text()]).toEqual([206, 'PNG']);
    expect((await download(person.client, file.thumbnailUrl ?? '', {})).status).toBe(200);

    s3.fault = (response) => void response.writeHead(503).end();
    expect((await download(person.client, file.url, {})).status).toBe(503);
    const refused = await upload(person.client, picture);
    expect(refused).toMatchObject({ status: 503, errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
    s3.fault = null;
    await sleep(0);
    expect(await taken(person)).toMatchObject({ mimeType: 'image/png' });
    expect(s3.refused).toBe(0);
  });
});
