import type { Dispatcher } from 'undici';
import { isErrorCode, ParleyError, unavailable } from '#core/error';
import type { FileAnswer, FileArrival, FileDoor, FileRequest, TakenFile } from './file-door.ts';
import type { RequestEnvelope } from './operation.ts';
import type { RemoteCaller } from './remote-call.ts';
import { FILE_NAME_HEADER, FILE_TYPE_HEADER, REFUSED_STATUS } from './serve-files.ts';

/** How long the other process may take to answer once it has everything, in milliseconds. */
const ANSWER_MS = 60_000;

/** The door of a subgraph in another process. */
export class RemoteFileDoor implements FileDoor {
  constructor(
    private readonly caller: RemoteCaller,
    private readonly subgraph: string,
  ) {}

  async take(envelope: RequestEnvelope, { fileName, mimeType, body }: FileArrival): Promise<TakenFile> {
    const stop = new AbortController();
    let fault: { error: unknown } | null = null;
    let timer: NodeJS.Timeout | undefined;
    const watched = async function* () {
      try {
        yield* body;
      } catch (error) {
        fault = { error };
        stop.abort();
        throw error;
      }
      timer = setTimeout(() => stop.abort(), ANSWER_MS);
    };
    try {
      const answer = await this.caller.exchange(this.subgraph, '/files', envelope, {
        method: 'POST',
        headers: {
          'content-type': 'application/octet-stream',
          [FILE_NAME_HEADER]: encodeURIComponent(fileName),
          ...(mimeType !== null && { [FILE_TYPE_HEADER]: encodeURIComponent(mimeType) }),
        },
        body: watched(),
        signal: stop.signal,
        // How long the bytes take is for whoever sends them.
        headersTimeout: 0,
      });
      const { body: taken } = await this.accept(answer);
      return (await taken.json()) as TakenFile;
    } catch (error) {
      // What went wrong at the client's end is told as what it is.
      if (fault) throw (fault as { error: unknown }).error;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async give(envelope: RequestEnvelope, { id, thumbnail, range, known, link }: FileRequest): Promise<FileAnswer> {
    const query = new URLSearchParams({ ...(thumbnail && { thumbnail: '1' }), ...link });
    const answer = await this.caller.exchange(
      this.subgraph,
      `/files/${encodeURIComponent(id)}?${String(query)}`,
      envelope,
      {
        method: 'GET',
        headers: { ...(range !== null && { range }), ...(known !== null && { 'if-none-match': known }) },
      },
    );
    const { statusCode: status, headers, body } = await this.accept(answer);
    return {
      status,
      headers: Object.fromEntries(
        GIVEN_HEADERS.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])),
      ),
      body,
    };
  }

  /** @throws ParleyError what the other process refused it with. */
  private async accept(answer: Dispatcher.ResponseData): Promise<Dispatcher.ResponseData> {
    if (answer.statusCode === REFUSED_STATUS) throw await readRefusal(answer);
    if (GIVEN_STATUS.has(answer.statusCode)) return answer;
    answer.body.destroy();
    throw unavailable(`The part of Parley that serves ${this.subgraph} cannot give or take files.`);
  }
}

const GIVEN_STATUS = new Set([200, 206, 304, 416]);

const GIVEN_HEADERS = [
  'content-type',
  'content-length',
  'content-range',
  'content-disposition',
  'content-security-policy',
  'cross-origin-resource-policy',
  'accept-ranges',
  'etag',
  'cache-control',
];

async function readRefusal({ body }: Dispatcher.ResponseData): Promise<ParleyError> {
  const { message, extensions = {} } = (await body.json()) as {
    message: string;
    extensions?: Record<string, unknown>;
  };
  const { code, ...shown } = extensions;
  return new ParleyError(isErrorCode(code) ? code : 'INTERNAL', message, { extensions: shown });
}
