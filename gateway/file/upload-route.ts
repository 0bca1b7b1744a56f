import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badInput, ParleyError } from '#core/error';
import type { FileDoor } from '#core/subgraph/file-door';
import { requirePermission } from '#core/viewer';
import { type CallerOptions, identify } from '../caller.ts';
import { spenderOf } from '../limit/spending.ts';
import { Tally } from '../tally.ts';
import { paced } from './pace.ts';
import { openUpload } from './upload-body.ts';
import { UPLOAD_PATH } from './upload-path.ts';

export interface UploadOptions extends CallerOptions {
  files: FileDoor;
  /** The longest file that is taken, in bytes. */
  maxBytes: number;
  /** How long an upload may bring next to nothing, in milliseconds. */
  stallMs: number;
}

/** What a form adds to its file at most. */
const FORM_BYTES = 64 * 1024;

/** Uploads that one caller may have under way: each holds memory, a place on the disk and its turn at the database. */
const MAX_AT_ONCE = 20;

const CROWDED = new ParleyError(
  'RATE_LIMITED',
  `${MAX_AT_ONCE} uploads of yours are under way: send the next one when one of them is done.`,
  { retryAfterSeconds: 1 },
);

/** How long the rest of a refused upload is listened to, in milliseconds, so that the client gets to read why. */
const LISTEN_ON_MS = 5_000;

/** `POST /uploads`: takes one file and answers with it as an attachment, to be sent with a message. */
export function addUploads(app: FastifyInstance, options: UploadOptions): void {
  const underWay = new Tally();
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // The body is read by the handler, as it comes.
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));

    scope.post(
      UPLOAD_PATH,
      {
        onRequest: async (request, reply) => {
          const envelope = await identify(request, options);
          requirePermission(envelope.viewer, 'conversations:write');
          envelopes.set(request, envelope);
          const caller = spenderOf(envelope);
          // It may have gone while its credential was looked at, and then nobody would take it off again.
          if (reply.raw.closed || request.raw.destroyed) throw badInput('file', 'The upload broke off.');
          if (underWay.of(caller) >= MAX_AT_ONCE) throw CROWDED;
          underWay.add(caller);
          reply.raw.once('close', () => underWay.remove(caller));
          if (Number(request.headers['content-length'] ?? 0) > options.maxBytes + FORM_BYTES) {
            throw badInput('file', `A file has at most ${options.maxBytes} bytes.`);
          }
        },
        onError: async ({ raw }) => listenOn(raw),
      },
      async (request, reply) => {
        const envelope = envelopes.get(request);
        if (!envelope) throw new Error('A request came past its check.');
        const upload = await openUpload(request.raw);
        try {
          const attachment = await options.files.take(envelope, {
            ...upload,
            body: paced(upload.body, options.stallMs),
          });
          return await reply.code(201).send({ attachment });
        } finally {
          upload.stop();
        }
      },
    );
    scope.options(UPLOAD_PATH, async (_request, reply) => reply.code(204).send());
  });
}

const envelopes = new WeakMap<FastifyRequest, Awaited<ReturnType<typeof identify>>>();

function listenOn(request: FastifyRequest['raw']): void {
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), LISTEN_ON_MS);
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
}
