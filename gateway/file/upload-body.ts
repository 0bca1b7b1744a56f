import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { badInput, ParleyError } from '#core/error';
import type { FileArrival } from '#core/subgraph/file-door';

/** Fields beside the file are passed over; more than this is no form. */
const LIMITS = { files: 1, fields: 20, fieldSize: 10_000, parts: 25, headerPairs: 50 };

const ONE_FILE = 'Send one file: as multipart/form-data, or as the body with its Content-Type and X-File-Name.';

/** A file as it comes in, and how to stop reading it while the client may still send. */
export interface OpenUpload extends FileArrival {
  stop(): void;
}

/** The file that a request carries, read no faster than it is taken. @throws ParleyError `BAD_USER_INPUT` */
export function openUpload(request: IncomingMessage): Promise<OpenUpload> {
  const type = request.headers['content-type'] ?? '';
  return /^multipart\/form-data\b/i.test(type) ? openForm(request) : Promise.resolve(openRaw(request, type));
}

function openRaw(request: IncomingMessage, type: string): OpenUpload {
  const mimeType = type.split(';')[0]?.trim().toLowerCase() || null;
  return { fileName: fileNameOf(request.headers), mimeType, body: whole(request), stop: () => void request.resume() };
}

/** `X-File-Name`, percent-encoded, since headers are no place for other letters. */
function fileNameOf({ 'x-file-name': given }: IncomingHttpHeaders): string {
  if (typeof given !== 'string') return '';
  try {
    return decodeURIComponent(given);
  } catch {
    throw badInput('x-file-name', 'Encode the name of the file as in an address, with %20 for a space.');
  }
}

/** A request that is cut off ends with an error of ours. `destroyOnReturn: false`: its answer has to be sent yet. */
async function* whole(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of request.iterator({ destroyOnReturn: false })) yield bytes as Buffer;
  } catch {
    throw brokenOff();
  }
}

function openForm(request: IncomingMessage): Promise<OpenUpload> {
  return new Promise((resolve, reject) => {
    let file: Readable | null = null;
    let several = false;
    const parser = makeParser(request);
    const ended = new Promise<void>((finish) => {
      const fail = (error: ParleyError) => {
        request.unpipe(parser);
        reject(error);
        // What has come of it is of no use: whoever reads it learns why.
        file?.destroy(error);
        finish();
      };
      parser.on('error', () => fail(damaged()));
      parser.on('filesLimit', () => {
        several = true;
      });
      parser.on('finish', () => {
        reject(badInput('file', ONE_FILE));
        finish();
      });
      request.on('close', () => {
        if (!request.complete) fail(brokenOff());
      });
    });
    parser.on('file', (_field, stream, fileName, _encoding, mimeType) => {
      file = stream;
      // The error of a stream that nobody reads any more would end the process.
      stream.on('error', () => {});
      const body = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for await (const bytes of stream) yield bytes as Buffer;
        } catch (error) {
          throw error instanceof ParleyError ? error : damaged();
        }
        await ended;
        if (several) throw badInput('file', ONE_FILE);
      };
      const stop = () => {
        request.unpipe(parser);
        request.resume();
      };
      resolve({ fileName: unquote(fileName ?? ''), mimeType: mimeType?.toLowerCase() || null, body: body(), stop });
    });
    request.pipe(parser);
  });
}

/** What browsers write for the characters that would end the name within the form. */
const unquote = (fileName: string): string => fileName.replace(/%22/g, '"').replace(/%0[ad]/gi, '');

function makeParser({ headers }: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits: LIMITS });
  } catch {
    throw badInput('file', 'The form cannot be read: its Content-Type names no boundary.');
  }
}

const damaged = () => badInput('file', 'The form cannot be read: it ends too early or is damaged.');

const brokenOff = () => new ParleyError('BAD_USER_INPUT', 'The upload broke off before its end.');
