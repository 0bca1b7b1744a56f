import { z } from 'zod';
import { redactCredentials } from '#core/job/error-summary';
import type { JsonValue } from '#core/model/model.port';
import type { Outbound, OutboundResponse } from '#core/outbound/outbound';
import { OutboundError } from '#core/outbound/outbound-error';
import { readOutboundUrl } from '#core/outbound/outbound-url';
import { toStorable, toStorableJson } from '#core/storable-text';
import { defineWork, failure, WorkFailure } from './kind.ts';

const MAX_BODY_BYTES = 100_000;
const MAX_HEADERS = 20;
/** What is read of an answer, and what is kept of it. */
const MAX_ANSWER_BYTES = 65_536;
const MAX_EXCERPT = 2_000;
/** As long as a server may ask to be left alone, in milliseconds. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Headers that are Parley's own to set, and those that would keep a secret in the open. */
const UNAVAILABLE =
  /^(host|content-length|connection|transfer-encoding|upgrade|te|trailer|expect|idempotency-key|user-agent)$/i;
const SECRET = /auth|cookie|token|secret|password|(^|-)key$/i;

const headers = z
  .record(
    z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'Letters, digits and hyphens'),
    z
      .string()
      .max(1_000, 'At most 1,000 characters')
      .regex(/^[\t\x20-\x7e]*$/, 'Printable ASCII alone'),
  )
  .superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      const message = UNAVAILABLE.test(name)
        ? 'This header is set by the sender'
        : SECRET.test(name)
          ? 'Headers that log in cannot be sent: what a task is given can be read by others'
          : null;
      if (message) context.addIssue({ code: 'custom', path: [name], message });
    }
    if (Object.keys(given).length > MAX_HEADERS) {
      context.addIssue({ code: 'custom', message: `At most ${MAX_HEADERS} headers` });
    }
  });

const url = z
  .string()
  .max(4_000, 'At most 4,000 characters')
  .superRefine((text, context) => {
    try {
      readOutboundUrl(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof OutboundError ? error.message : 'It is no URL' });
    }
  });

const input = z.object({
  url: url.describe('Where it is sent. Addresses of this machine and its network are refused.'),
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']).default('POST'),
  headers: headers.default({}).describe('Further headers. None that logs in.'),
  body: z
    .unknown()
    .refine((value) => JSON.stringify(value ?? null).length <= MAX_BODY_BYTES, 'At most 100,000 characters as JSON')
    .transform((value) => (value ?? null) as JsonValue)
    .default(null)
    .describe('Sent as JSON; null sends none.'),
});

/**
 * Sends a request through the guard of outbound addresses. What cannot have been received, or was refused for now, is tried
 * again under the same `idempotency-key`; what was refused for good is not.
 */
export const callWebhook = (outbound: Pick<Outbound, 'request'>) =>
  defineWork({
    name: 'CALL_WEBHOOK',
    description:
      'Sends an HTTP request. Answers of the classes 1xx to 3xx succeed without being followed; 408, 425, 429, 5xx and broken connections are tried again, other 4xx are not.',
    input,
    needs: [],
    attemptTimeoutMs: 30_000,
    async begin({ url, method, headers, body }, { idempotencyKey, taskId, signal, log }) {
      let answer: OutboundResponse;
      try {
        answer = await outbound.request({
          url,
          method,
          headers: {
            ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
            ...(body !== null && { 'content-type': 'application/json' }),
            'user-agent': 'Parley',
            'idempotency-key': idempotencyKey,
            'x-parley-task': taskId,
          },
          ...(body !== null && { body: JSON.stringify(body) }),
          signal,
          timeoutMs: 600_000,
          maxBytes: MAX_ANSWER_BYTES,
          maxRedirects: 0,
        });
      } catch (error) {
        if (!(error instanceof OutboundError)) throw error;
        const isPassing = error.code !== 'OUTBOUND_REFUSED';
        throw failure(error.code, error.message, isPassing);
      }
      const { status } = answer;
      log(status < 400 ? 'INFO' : 'WARN', `The server answered ${status}.`);
      if (status < 400) return { kind: 'DONE', output: { status, body: excerptOf(answer) } };
      const isPassing = status >= 500 || [408, 425, 429].includes(status);
      const message = `The server answered ${status}${isPassing ? '' : ', which another try would not change'}. ${excerptOf(answer)}`;
      throw new WorkFailure(
        { code: `HTTP_${status}`, message: message.trim(), retryable: isPassing },
        retryAfterOf(answer),
      );
    },
  });

/** The beginning of an answer that is text, without what looks like a credential. */
function excerptOf({ bytes, headers }: OutboundResponse): string {
  if (!/^(text\/|application\/([\w.+-]*json|xml))/i.test(headers['content-type'] ?? 'text/plain')) return '';
  const text = redactCredentials(toStorable(Buffer.from(bytes).toString('utf8'))).trim();
  return toStorableJson(text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT - 1)}…` : text);
}

function retryAfterOf({ headers }: OutboundResponse): number | null {
  const value = headers['retry-after'];
  if (value === undefined) return null;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : null;
}
