import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GEMINI, OPENAI } from '#core/model/dialect.fixture';
import { atFileEnd } from '#test/support/file-end';
import { readRun, sendMessage } from '#test/support/room-call';
import { isFinal, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { PDF, png, type UploadedFile, upload } from './upload.fixture.ts';

/** More than goes within one request to Gemini. */
const LARGE = 13 * 1024 * 1024;

let server: TestServer;
let files: string;
let gemini: ScriptedModel;
let openai: ScriptedModel;
let owner: Person;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'parley-files-'));
  gemini = await ScriptedModel.start(GEMINI);
  openai = await ScriptedModel.start(OPENAI);
  server = await startTestServer({ ...gemini.variables, ...openai.variables, PARLEY_FILES: files });
  owner = await server.seed.owner();
  atFileEnd(async () => {
    await gemini.stop();
    await openai.stop();
    await rm(files, { recursive: true, force: true });
  });
});

beforeEach(() => {
  gemini.files.forget();
  gemini.files.uploads.length = 0;
});

const roomWith = async (model: string) =>
  server.seed.room(owner, { agents: [await server.seed.agent(owner, { model })] });

const take = async (bytes: Uint8Array | string, name: string, type: string) =>
  (await upload(owner.client, bytes, name, type)).attachment as UploadedFile;

/** A document of any length that is one. */
const pdfOf = (bytes: number) => Buffer.concat([PDF, Buffer.alloc(bytes - PDF.length, ' ')]);

/** Says something with files and waits for the answer. */
async function say(room: SeededRoom, text: string, ...attached: UploadedFile[]) {
  const { run } = await sendMessage(owner.client, room.id, text, { attachmentIds: attached.map(({ id }) => id) });
  return answered(room, run?.id);
}

async function answered(room: SeededRoom, runId: string | undefined) {
  const reader = new RoomReader(owner.client, room.id, room.cursor);
  try {
    await reader.until((event) => isFinal(event) && event.run?.id === runId);
  } finally {
    await reader.close();
  }
  return readRun(owner.client, runId ?? '');
}

interface GeminiPart {
  text?: string;
  inlineData?: { mimeType: string; data: string };
  fileData?: { mimeType: string; fileUri: string };
}

/** All parts of the newest call of Gemini's. */
const told = () => {
  const contents = (gemini.calls.at(-1)?.body.contents ?? []) as { parts: GeminiPart[] }[];
  return contents.flatMap(({ parts }) => parts);
};

const textTold = () =>
  told()
    .map(({ text = '' }) => text)
    .join('\n');

describe('a model', () => {
  it('sees pictures and documents, whole and in their order, and in later turns as well', async () => {
    const room = await roomWith(gemini.modelId);
    const picture = png(8, 8);
    const [first, second] = [await take(PDF, 'plan.pdf', 'application/pdf'), await take(picture, 'a.png', 'image/png')];
    expect(await say(room, 'Look', first, second)).toMatchObject({ state: 'SUCCEEDED' });
    const inline = () => told().flatMap(({ inlineData }) => inlineData ?? []);
    const both = [
      { mimeType: 'application/pdf', data: PDF.toString('base64') },
      { mimeType: 'image/png', data: picture.toString('base64') },
    ];
    expect(inline()).toEqual(both);
    expect(textTold()).toContain(`[The file "plan.pdf", application/pdf, ${PDF.length} bytes]`);
    await say(room, 'And now?');
    expect(inline()).toEqual(both);
  });

  it('is told a picture without a word', async () => {
    const room = await roomWith(gemini.modelId);
    await say(room, '', await take(png(4, 4), 'alone.png', 'image/png'));
    expect(told().some(({ inlineData }) => inlineData?.mimeType === 'image/png')).toBe(true);
  });

  it('reads texts as text, as far as they go', async () => {
    const room = await roomWith(gemini.modelId);
    await say(room, 'Read', await take('# Häuser\n', 'notes.md', 'text/markdown'));
    expect(textTold()).toContain('[The file "notes.md", text/markdown, 10 bytes]\n# Häuser\n\n[End of "notes.md"]');
    // The bound goes through the second byte of a letter.
    await say(room, 'Read', await take(`a${'ä'.repeat(60_000)}`, 'long.txt', 'text/plain'));
    const text = told().find((part) => part.text?.includes('"long.txt"'))?.text ?? '';
    expect(text).toContain('its first 100.0 kB follow]\na');
    expect(text.match(/ä/g)).toHaveLength(49_999);
    expect(text).not.toContain('\ufffd');
  });

  it('is told in words of what it cannot take', async () => {
    const room = await roomWith(gemini.modelId);
    const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
    await say(room, 'Look', await take(gif, 'dance.gif', 'image/gif'));
    expect(textTold()).toContain(`[The file "dance.gif", image/gif, ${gif.length} bytes: you cannot look into`);
    expect(told().some(({ inlineData }) => inlineData)).toBe(false);
  });

  it('of another vendor takes what that takes', async () => {
    const [room, blind] = [await roomWith(openai.modelId), await roomWith('openai/plain-text')];
    const picture = png(5, 5);
    await say(room, 'Look', await take(picture, 'a.png', 'image/png'), await take(PDF, 'plan.pdf', 'application/pdf'));
    const seen = JSON.stringify(openai.calls.at(-1)?.body.messages);
    expect(seen).toContain(`data:image/png;base64,${picture.toString('base64')}`);
    expect(seen).toContain('plan.pdf\\", application/pdf');
    expect(seen).not.toContain(PDF.toString('base64'));
    await say(blind, 'Look', await take(picture, 'b.png', 'image/png'));
    expect(JSON.stringify(openai.calls.at(-1)?.body.messages)).not.toContain('base64');
  });

  it('is told of a file whose bytes are gone, and answers all the same', async () => {
    const room = await roomWith(gemini.modelId);
    const file = await take(png(6, 6), 'lost.png', 'image/png');
    await rm(join(files, owner.orgId), { recursive: true });
    expect(await say(room, 'Look', file)).toMatchObject({ state: 'SUCCEEDED' });
    expect(textTold()).toContain('"lost.png", image/png');
    expect(textTold()).toContain('it is gone]');
  });
});

describe('what is too large for a request', () => {
  it('is given to Google once, and named from then on', async () => {
    const room = await roomWith(gemini.modelId);
    const large = await take(pdfOf(LARGE), 'book.pdf', 'application/pdf');
    expect(await say(room, 'Read', large)).toMatchObject({ state: 'SUCCEEDED' });
    expect(gemini.files.uploads.map(({ displayName, bytes }) => [displayName, bytes.length])).toEqual([
      ['book.pdf', LARGE],
    ]);
    const uri = told().flatMap(({ fileData }) => fileData ?? []);
    expect(uri).toEqual([
      { mimeType: 'application/pdf', fileUri: expect.stringContaining('/files/parley-') as string },
    ]);
    await say(room, 'Go on');
    expect(told().flatMap(({ fileData }) => fileData ?? [])).toEqual(uri);
    expect(gemini.files.uploads).toHaveLength(1);
  });

  it('leaves the room within the request to what is newer', async () => {
    const room = await roomWith(gemini.modelId);
    const [older, newer] = [
      await take(pdfOf(7 * 1024 * 1024), 'old.pdf', 'application/pdf'),
      await take(pdfOf(7 * 1024 * 1024), 'new.pdf', 'application/pdf'),
    ];
    await say(room, 'One', older);
    expect(gemini.files.uploads).toEqual([]);
    await say(room, 'Two', newer);
    expect(gemini.files.uploads.map(({ displayName }) => displayName)).toEqual(['old.pdf']);
    const kinds = told().flatMap(({ inlineData, fileData }) => (inlineData ? 'inline' : fileData ? 'file' : []));
    expect(kinds).toEqual(['file', 'inline']);
  });

  it('is given again where Google has let go of it, by the time that it named or before', async () => {
    const room = await roomWith(gemini.modelId);
    gemini.files.keptMs = 60_000;
    await say(room, 'Read', await take(pdfOf(LARGE), 'book.pdf', 'application/pdf'));
    gemini.files.keptMs = 48 * 3_600_000;
    await say(room, 'Again');
    expect(gemini.files.uploads).toHaveLength(2);
    gemini.files.forget();
    expect(await say(room, 'And again')).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    expect(gemini.files.uploads).toHaveLength(3);
  });

  it('is tried again while Google is busy, and told in words where Google cannot read it', async () => {
    const room = await roomWith(gemini.modelId);
    let busy = 1;
    gemini.files.refuse = (response) => {
      if (--busy === 0) gemini.files.refuse = null;
      response.writeHead(503, { 'retry-after': '0' }).end('{}');
    };
    expect(await say(room, 'Read', await take(pdfOf(LARGE), 'one.pdf', 'application/pdf'))).toMatchObject({
      state: 'SUCCEEDED',
    });
    gemini.files.states = ['FAILED'];
    expect(await say(room, 'Read', await take(pdfOf(LARGE), 'two.pdf', 'application/pdf'))).toMatchObject({
      state: 'SUCCEEDED',
    });
    expect(textTold()).toContain('it could not be opened]');
  });

  it('holds nobody up who stops the reply, or set a limit to it', async () => {
    const reached = () =>
      new Promise<void>((resolve) => {
        gemini.files.refuse = () => resolve();
      });
    const room = await roomWith(gemini.modelId);
    const file = await take(pdfOf(LARGE), 'book.pdf', 'application/pdf');
    let begun = reached();
    const { run } = await sendMessage(owner.client, room.id, 'Read', { attachmentIds: [file.id] });
    await begun;
    await owner.client.request('mutation ($id: ID!) { cancelRun(input: { runId: $id }) { run { id } } }', {
      id: run?.id,
    });
    expect(await answered(room, run?.id)).toMatchObject({ state: 'CANCELLED' });

    const limits = { stepTimeoutMs: 1_000 };
    const agent = await server.seed.agent(owner, { name: 'Hasty', model: gemini.modelId, limits });
    const other = await server.seed.room(owner, { agents: [agent] });
    begun = reached();
    const late = await say(other, 'Read', await take(pdfOf(LARGE), 'book.pdf', 'application/pdf'));
    await begun;
    expect(late).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_TIMEOUT', retryable: true } });
    gemini.files.refuse = null;
  });
});
