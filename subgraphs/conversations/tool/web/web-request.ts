import type { JsonSchema } from '#core/model/model.port';
import { OutboundError } from '#core/outbound/outbound-error';
import { ToolError } from '#core/tool/tool.port';

/** How long a request may take, its redirects included, in milliseconds. */
export const REQUEST_MS = 20_000;

/** How much of an answer is read, unpacked. */
export const MAX_ANSWER_BYTES = 1_048_576;

/** Tells a server who asks, and nothing about Parley's people. */
export const USER_AGENT = 'Parley';

/** The argument of a tool that is an address. One with a login in it is refused before anybody is asked or anything stored. */
export const urlArgument: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 4_000,
  pattern: '^[hH][tT][tT][pP][sS]?://[^/\\\\?#@]+([/?#].*)?$',
  description: 'A complete URL that begins with https:// or http://, without user name and password.',
};

/** What went wrong with a request, for the model that asked. */
export function toToolError(error: unknown): unknown {
  if (!(error instanceof OutboundError)) return error;
  const mayGoBetter = error.code === 'OUTBOUND_TIMEOUT' || error.code === 'OUTBOUND_UNREACHABLE';
  const told = new ToolError(error.code, error.message, mayGoBetter);
  told.cause = error;
  return told;
}
