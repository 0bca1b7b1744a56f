import type { FastifyInstance, FastifyReply } from 'fastify';
import { GraphQLError } from 'graphql';
import type { Logger } from '#core/log';
import { maskError } from '#core/mask';
import { ENVELOPE_HEADER, type EnvelopeSigner } from './envelope-token.ts';
import type { FileDoor } from './file-door.ts';

/** The status of an answer that is an error with a code of ours, whatever becomes of it at the gateway. */
export const REFUSED_STATUS = 422;

/** Headers of a file that comes in, percent-encoded. */
export const FILE_NAME_HEADER = 'x-parley-file-name';
export const FILE_TYPE_HEADER = 'x-parley-file-type';

const OCTETS = 'application/octet-stream';

export interface FileServerOptions {
  /** By the name of their subgraph: `POST /subgraphs/NAME/files` and `GET /subgraphs/NAME/files/ID`. */
  doors: ReadonlyMap<string, FileDoor>;
  signer: EnvelopeSigner;
  log: Logger;
}

interface Query {
  thumbnail?: string;
  expires?: string;
  signature?: string;
}

/** Lets the gateway of another process through the doors of this one. The bytes are never held as a whole. */
export function addFiles(app: FastifyInstance, { doors, signer, log }: FileServerOptions): void {
  app.addContentTypeParser(OCTETS, (_request, payload, done) => done(null, payload));

  app.post<{ Params: { name: string } }>('/subgraphs/:name/files', async (request, reply) => {
    const door = doors.get(request.params.name);
    if (!door) return reply.code(404).send();
    const { headers } = request;
    try {
      const envelope = await signer.verify(String(headers[ENVELOPE_HEADER] ?? ''));
      const fileName = decodeURIComponent(String(headers[FILE_NAME_HEADER] ?? ''));
      const type = headers[FILE_TYPE_HEADER];
      const mimeType = typeof type === 'string' ? decodeURIComponent(type) : null;
      return await door.take(envelope, { fileName, mimeType, body: request.body as AsyncIterable<Uint8Array> });
    } catch (error) {
      return refuse(error, reply, log, request.id);
    }
  });

  app.get<{ Params: { name: string; id: string }; Querystring: Query }>(
    '/subgraphs/:name/files/:id',
    async (request, reply) => {
      const door = doors.get(request.params.name);
      if (!door) return reply.code(404).send();
      const { headers, query, params } = request;
      try {
        const envelope = await signer.verify(String(headers[ENVELOPE_HEADER] ?? ''));
        const { expires, signature } = query;
        const answer = await door.give(envelope, {
          id: params.id,
          thumbnail: query.thumbnail === '1',
          range: headers.range ?? null,
          known: headers['if-none-match'] ?? null,
          link: expires !== undefined && signature !== undefined ? { expires, signature } : null,
        });
        return reply.code(answer.status).headers(answer.headers).send(answer.body);
      } catch (error) {
        return refuse(error, reply, log, request.id);
      }
    },
  );
}

function refuse(error: unknown, reply: FastifyReply, log: Logger, requestId: string): FastifyReply {
  const known =
    error instanceof GraphQLError
      ? error
      : new GraphQLError('unexpected', { originalError: error instanceof Error ? error : new Error(String(error)) });
  return reply.code(REFUSED_STATUS).send(maskError(known, log, requestId).toJSON());
}
