import type { JsonObject, JsonValue } from '#core/model/model.port';
import type { Outbound, OutboundRequest, OutboundResponse } from '#core/outbound/outbound';
import { OutboundError } from '#core/outbound/outbound-error';
import { type Tool, ToolError } from '#core/tool/tool.port';
import type { PageReader } from './page-reader.ts';
import { readAnswer } from './read-answer.ts';
import { readHeaders } from './request-header.ts';
import { MAX_ANSWER_BYTES, REQUEST_MS, toToolError, USER_AGENT, urlArgument } from './web-request.ts';

const MAX_BODY_CHARACTERS = 100_000;

/** Changes something at an address of the open internet, through the guard. Redirects are told and not followed. */
export const sendRequest = (outbound: Pick<Outbound, 'request'>, pages: PageReader): Tool => ({
  name: 'send_request',
  title: 'Send a web request',
  description:
    'Sends a POST, PUT, PATCH or DELETE request to an address of the open internet, with JSON or text as its body. It takes ' +
    'effect there, so send nothing twice. A person may have to allow it first. To read something use GET by another tool.',
  parameters: {
    type: 'object',
    properties: {
      method: { type: 'string', enum: ['POST', 'PUT', 'PATCH', 'DELETE'] },
      url: urlArgument,
      json: { type: 'object', description: 'The body, sent as JSON. Give either this or text.' },
      text: {
        type: 'string',
        maxLength: MAX_BODY_CHARACTERS,
        description: 'The body, sent as plain text unless the header content-type says otherwise.',
      },
      headers: {
        type: 'object',
        additionalProperties: { type: 'string', maxLength: 1_000 },
        maxProperties: 20,
        description: 'Further headers, such as if-match. None that logs in: authorization and cookie cannot be sent.',
      },
    },
    required: ['method', 'url'],
    additionalProperties: false,
  },
  effect: 'ONCE',
  needsApproval: true,
  timeoutMs: REQUEST_MS + 10_000,
  maxResultCharacters: 20_000,
  async run(args, { signal, idempotencyKey }) {
    const body = bodyOf(args);
    const headers = {
      ...(body && { 'content-type': body.type }),
      ...readHeaders((args.headers ?? {}) as JsonObject),
      'user-agent': USER_AGENT,
      'idempotency-key': idempotencyKey,
    };
    try {
      const answer = await outbound.request({
        url: String(args.url),
        method: args.method as NonNullable<OutboundRequest['method']>,
        headers,
        ...(body && { body: body.text }),
        signal,
        timeoutMs: REQUEST_MS,
        maxBytes: MAX_ANSWER_BYTES,
        maxRedirects: 0,
      });
      return await describe(answer, pages, signal);
    } catch (error) {
      throw error instanceof OutboundError && error.code !== 'OUTBOUND_REFUSED' ? uncertain(error) : toToolError(error);
    }
  },
});

/** @throws ToolError where there are two, or one that is too large */
function bodyOf({ json, text }: JsonObject): { text: string; type: string } | null {
  if (json !== undefined && text !== undefined) throw new ToolError('BAD_BODY', 'Give either json or text, not both.');
  if (json !== undefined) {
    const written = JSON.stringify(json);
    if (written.length > MAX_BODY_CHARACTERS) {
      throw new ToolError('BAD_BODY', `The body has more than ${MAX_BODY_CHARACTERS.toLocaleString('en')} characters.`);
    }
    return { text: written, type: 'application/json' };
  }
  return text === undefined ? null : { text: String(text), type: 'text/plain; charset=utf-8' };
}

/** An answer came, so the request took place, whatever can be read of it. */
async function describe(answer: OutboundResponse, pages: PageReader, signal: AbortSignal): Promise<JsonValue> {
  const read = await readAnswer(answer, pages, signal).catch(() => null);
  signal.throwIfAborted();
  const location = locationOf(answer);
  return {
    status: answer.status,
    ...(location && { location }),
    ...(read?.type && { type: read.type }),
    ...(read?.title && { title: read.title }),
    ...(typeof read?.text === 'string' ? { text: read.text } : { note: 'The answer is no text that can be read.' }),
  };
}

/** Where the server points to, without what would log in there. */
function locationOf({ headers: { location }, url }: OutboundResponse): string | null {
  if (location === undefined || !URL.canParse(location, url)) return null;
  const target = new URL(location, url);
  target.username = '';
  target.password = '';
  return target.href;
}

const uncertain = (error: OutboundError) => {
  const told = new ToolError(
    error.code,
    `${error.message} The request may have taken effect all the same: find out before you send it again.`,
  );
  told.cause = error;
  return told;
};
