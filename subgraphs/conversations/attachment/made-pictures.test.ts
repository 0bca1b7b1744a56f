import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GEMINI } from '#core/model/dialect.fixture';
import { type Play, stream, streamThenReset } from '#core/model/fault-server.fixture';
import { atFileEnd } from '#test/support/file-end';
import { sendMessage } from '#test/support/room-call';
import { isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { download, png, type UploadedFile } from './upload.fixture.ts';

const QUOTA = 1024 * 1024;

let server: TestServer;
let gemini: ScriptedModel;
let owner: Person;

beforeAll(async () => {
  gemini = await ScriptedModel.start(GEMINI);
  server = await startTestServer({ ...gemini.variables, UPLOAD_QUOTA_BYTES: String(QUOTA) });
  atFileEnd(() => gemini.stop());
});
beforeEach(async () => {
  owner = await server.seed.owner();
});

const FILE = 'id fileName mimeType byteSize width height url thumbnailUrl';
const FIELDS = `
  __typename cursor at
  ... on MessageDelta { messageId attempt text }
  ... on MessageRestarted { messageId attempt }
  ... on MessageAttachmentAdded { messageId runId attempt attachment { ${FILE} } }
  ... on MessageCompleted { message {
    id text parts { __typename ... on TextPart { text } ... on ImagePart { attachment { ${FILE} } } } attachments { id }
  } }
  ... on RunStateChanged { run { id state attempt error { code message retryable } } }`;

interface PictureEvent extends RoomEvent {
  attachment?: UploadedFile;
}

interface Said {
  id: string;
  text: string;
  parts: { __typename: string; text?: string; attachment?: UploadedFile }[];
  attachments: { id: string }[];
}

const candidate = (...parts: object[]) =>
  `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts }, index: 0 }] })}\n\n`;
const drawn = (bytes: Buffer, more: object = {}) =>
  candidate({ inlineData: { mimeType: 'image/png', data: bytes.toString('base64') }, ...more });
const END = GEMINI.finish('STOP', { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 });

const agent = (input: Record<string, unknown> = {}) => server.seed.agent(owner, { model: gemini.modelId, ...input });

/** Lets an agent answer and returns all that was seen of it. */
async function ask(by: SeededAgent, ...plays: Play[]) {
  const room = await server.seed.room(owner, { agents: [by] });
  gemini.next(...plays);
  return { room, ...(await say(room, 'Draw')) };
}

async function say(room: SeededRoom, text: string) {
  const { run } = await sendMessage(owner.client, room.id, text);
  const reader = new RoomReader(owner.client, room.id, room.cursor, FIELDS);
  try {
    const end = await reader.until((event) => isFinal(event) && event.run?.id === run?.id);
    const events = reader.events as PictureEvent[];
    const completed = events.filter(({ __typename }) => __typename === 'MessageCompleted').at(-1);
    return { events, run: end.run, message: completed?.message as unknown as Said };
  } finally {
    await reader.close();
  }
}

const picturesIn = (events: readonly PictureEvent[]) => events.flatMap(({ attachment }) => attachment ?? []);

const rows = async (roomId: string) =>
  (
    await server.pool().query<{ id: string }>(
      `SELECT a.id::text FROM attachments a JOIN attachment_uses u ON u.attachment_id = a.id
       WHERE u.conversation_id = $1 AND a.created_by_kind = 'AGENT'`,
      [roomId],
    )
  ).rows.map(({ id }) => id);

interface GeminiPart {
  text?: string;
  thoughtSignature?: string;
  inlineData?: { mimeType: string; data: string };
}

const told = () => {
  const contents = (gemini.calls.at(-1)?.body.contents ?? []) as { role: string; parts: GeminiPart[] }[];
  return contents.flatMap(({ role, parts }) => parts.map((part) => ({ role, ...part })));
};

describe('a picture that a model makes', () => {
  it('is there to be fetched as soon as it is shown, in its place among the words', async () => {
    const picture = png(30, 20);
    const answer = GEMINI.text('Here ') + drawn(picture) + GEMINI.text(' it is.') + END;
    const { room, events, message, run } = await ask(await agent(), stream(answer));
    expect(run).toMatchObject({ state: 'SUCCEEDED' });
    const kinds = events.map(({ __typename }) => __typename).filter((kind) => /Delta|Attachment|Completed/.test(kind));
    expect(kinds).toEqual(['MessageDelta', 'MessageAttachmentAdded', 'MessageDelta', 'MessageCompleted']);
    const [shown] = picturesIn(events);
    expect(shown).toMatchObject({ fileName: 'picture.png', mimeType: 'image/png', width: 30, height: 20 });
    expect(events.find(({ attachment }) => attachment)).toMatchObject({
      messageId: message.id,
      runId: run?.id,
      attempt: 1,
    });
    expect(message.parts.map(({ __typename, text, attachment }) => [__typename, text ?? attachment?.id])).toEqual([
      ['TextPart', 'Here '],
      ['ImagePart', shown?.id],
      ['TextPart', ' it is.'],
    ]);
    expect(message.attachments).toEqual([{ id: shown?.id }]);
    const given = await download(owner.client, shown?.url ?? '', {});
    expect(Buffer.from(await given.arrayBuffer()).equals(picture)).toBe(true);
    expect((await download(owner.client, shown?.thumbnailUrl ?? '', {})).status).toBe(200);

    const [outsider, stranger] = [await server.seed.member(owner), await server.seed.owner()];
    for (const { client } of [outsider, stranger]) {
      expect((await download(client, `/attachments/${shown?.id}`)).status).toBe(404);
    }
    await say(room, 'Bluer');
    expect(told().filter(({ inlineData }) => inlineData)).toEqual([
      { role: 'user', inlineData: { mimeType: 'image/png', data: picture.toString('base64') } },
    ]);
  });

  it('can be all that there is to an answer', async () => {
    const { message } = await ask(await agent(), stream(drawn(png(2, 2)) + END));
    expect(message).toMatchObject({ text: '', parts: [{ __typename: 'ImagePart' }] });
  });

  it('is made once, though the reply is begun again behind it', async () => {
    const picture = png(9, 9);
    const call = { functionCall: { id: 'c1', name: 'calculator', args: { expression: '1+1' } } };
    const first = drawn(picture, { thoughtSignature: 'signed' }) + candidate(call) + END;
    const by = await agent({ tools: [{ name: 'calculator' }] });
    const broken = streamThenReset(GEMINI.text('It comes to '));
    const { room, events, message, run } = await ask(by, stream(first), broken, gemini.answer('Two.'));
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    // The model is given its own turn as it was, signature and bytes included.
    expect(told().find(({ role, inlineData }) => role === 'model' && inlineData)).toMatchObject({
      thoughtSignature: 'signed',
      inlineData: { data: picture.toString('base64') },
    });
    const shown = events.filter(({ attachment }) => attachment);
    expect(shown.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set(shown.map(({ attachment }) => attachment?.id)).size).toBe(1);
    expect(message.parts.map(({ __typename, text }) => text ?? __typename)).toEqual(['ImagePart', 'Two.']);
    expect(await rows(room.id)).toEqual(message.attachments.map(({ id }) => id));
    const { rows: steps } = await server
      .pool()
      .query<{ output: unknown }>("SELECT output FROM steps WHERE run_id = $1 AND kind = 'MODEL'", [run?.id]);
    expect(JSON.stringify(steps)).not.toContain(picture.toString('base64'));
  });

  it('goes where its reply broke off, and is not the message’s any more', async () => {
    const broken = streamThenReset(GEMINI.text('Look ') + drawn(png(3, 3)));
    const { room, events, message } = await ask(await agent(), broken, stream(drawn(png(4, 4)) + END));
    const [void_, kept] = picturesIn(events);
    expect(void_?.id).not.toBe(kept?.id);
    expect(message.attachments).toEqual([{ id: kept?.id }]);
    expect(await rows(room.id)).toEqual([kept?.id]);
    expect((await download(owner.client, void_?.url ?? '', {})).status).toBe(404);
  });

  it('is shown by whoever let its maker work', async () => {
    const painter = await agent({ name: 'Painter', instructions: '<painter>' });
    const boss = await agent({
      name: 'Boss',
      instructions: '<boss>',
      team: { nodes: [{ key: 'painter', agentId: painter.id }], supervisor: {} },
    });
    const call = { functionCall: { id: 'c1', name: 'painter', args: { task: 'A cat', input: 'A cat' } } };
    gemini.script('<painter>', stream(drawn(png(7, 7)) + END));
    gemini.script('<boss>', stream(candidate(call) + END), gemini.answer('Here is your cat.'));
    const { message, run } = await ask(boss);
    expect(run).toMatchObject({ state: 'SUCCEEDED' });
    expect(message.parts.map(({ __typename, text }) => text ?? __typename)).toEqual(['ImagePart', 'Here is your cat.']);
    const given = told().find((part) => 'functionResponse' in part);
    expect(JSON.stringify(given)).toContain('made, and shown already');
  });

  it('that cannot be opened is asked for again', async () => {
    const { message, run } = await ask(
      await agent(),
      stream(drawn(Buffer.from([1, 2, 0, 3])) + END),
      gemini.answer('No.'),
    );
    expect(run).toMatchObject({ state: 'SUCCEEDED' });
    expect(message).toMatchObject({ text: 'No.', attachments: [] });
  });

  it('for which there is no room ends the run with a sentence that says so', async () => {
    await server.pool().query(
      `INSERT INTO attachments (id, org_id, created_by_kind, created_by_id, file_name, mime_type, byte_size, state, storage_key)
       VALUES (gen_random_uuid(), $1, 'USER', $2, 'x', 'text/plain', $3, 'READY', 'none')`,
      [owner.orgId, owner.id, QUOTA],
    );
    const { run, message } = await ask(await agent(), stream(GEMINI.text('Look ') + drawn(png(2, 2)) + END));
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'QUOTA_EXCEEDED', retryable: false } });
    expect(message).toMatchObject({ text: 'Look ', attachments: [] });
  });
});
