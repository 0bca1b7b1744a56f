import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Unreachable } from '../graphql-http.ts';
import type { InteractiveChat } from '../interactive.ts';
import { printable } from '../style.ts';
import { toPath } from '../upload.ts';
import type { Entry } from './theme.ts';

const EXPORT = `mutation Export($input: ExportConversationInput!) {
  exportConversation(input: $input) { url fileName }
}`;

interface ExportResult {
  exportConversation: { url: string; fileName: string };
}

const FORMATS: Readonly<Record<string, string>> = { json: 'JSON', markdown: 'MARKDOWN', md: 'MARKDOWN' };

/** Writes the room to a file: the server gives an address, and the file is fetched from there. */
async function exportRoom(chat: InteractiveChat, rest: string): Promise<void> {
  const [, word = '', more = ''] = /^(\S*)\s*(.*)$/s.exec(rest) ?? [];
  const named = FORMATS[word.toLowerCase()];
  const input = { conversationId: chat.roomId, format: named ?? 'MARKDOWN' };
  const { exportConversation } = await chat.api.mutate<ExportResult>(EXPORT, { input });
  const { url, fileName } = exportConversation;
  const place = await placeOf(toPath(named ? more : rest), path.basename(fileName));
  await download(new URL(url, chat.api.endpoint), place);
  chat.note(`The room is in ${printable(place)}.`);
}

/** The file that is meant: what was typed may be a folder, or nothing. */
async function placeOf(typed: string, fileName: string): Promise<string> {
  if (typed === '') return path.resolve(fileName);
  const isFolder = await stat(typed).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return path.resolve(isFolder ? path.join(typed, fileName) : typed);
}

async function download(url: URL, place: string): Promise<void> {
  const response = await fetch(url).catch((cause) => {
    throw new Unreachable(url, cause);
  });
  if (!response.ok || !response.body) throw new Error(`The server does not give the export (HTTP ${response.status}).`);
  let isOurs = false;
  const file = createWriteStream(place, { flags: 'wx' }).once('open', () => {
    isOurs = true;
  });
  try {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), file);
  } catch (error) {
    if (isOurs) await rm(place, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    const why = {
      EEXIST: 'There is such a file already',
      ENOENT: 'There is no such folder',
      EACCES: 'You may not write it',
    };
    throw new Error(`${why[code as keyof typeof why] ?? 'The export ended before its end'}: ${place}`, {
      cause: error,
    });
  }
}

export const EXPORT_ENTRY: Entry = {
  usage: '/export [json] [PATH]',
  does: 'write this room to a file, as Markdown unless you say json',
  run: exportRoom,
};
