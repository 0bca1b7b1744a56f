import { Agent, type Dispatcher, request } from 'undici';
import { type GuardOptions, guardedConnect } from './guarded-connect.ts';
import { OutboundError, toOutboundError } from './outbound-error.ts';
import { readOutboundUrl } from './outbound-url.ts';
import { ACCEPTED_ENCODINGS, type Body, readBody } from './read-body.ts';

/** What is sent, and how much of an answer is taken. */
export interface OutboundRequest {
  url: string;
  /** Default `GET`. */
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With names in lower case. */
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
  /** How long all of it may take, redirects included, in milliseconds. Default 30 s. */
  timeoutMs?: number;
  /** How many bytes of the unpacked body are read; the rest is left. Default 1 MiB. */
  maxBytes?: number;
  /** How many redirects are followed; with 0 the redirect is the answer. Default 5. */
  maxRedirects?: number;
}

/** An answer, of any status. */
export interface OutboundResponse extends Body {
  status: number;
  /** Of the last redirect, without a fragment. */
  url: string;
  /** With names in lower case; several of one name are joined with commas. */
  headers: Record<string, string>;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Meant for the server that was asked, and nobody whom it names. */
const CONFIDENTIAL_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * Requests to addresses that strangers gave: pages that a model wants to read, webhooks, MCP servers, remote agents. What is
 * not of the open internet is not reached, whatever name or redirect leads there, unless an operator allows it.
 */
export class Outbound {
  readonly #agent: Agent;

  constructor(options: GuardOptions) {
    this.#agent = new Agent({
      connect: guardedConnect(options),
      keepAliveTimeout: 10_000,
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
    });
  }

  /** The guard alone, for clients that bring their own requests. It holds for each connection, so for redirects too. */
  get dispatcher(): Dispatcher {
    return this.#agent;
  }

  /** One request and its redirects. @throws OutboundError, and nothing else. */
  async request(options: OutboundRequest): Promise<OutboundResponse> {
    const { timeoutMs = 30_000, maxRedirects = 5, maxBytes = 1_048_576 } = options;
    const time = AbortSignal.timeout(timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, time]) : time;
    let next: Hop = {
      url: readOutboundUrl(options.url),
      method: options.method ?? 'GET',
      headers: { ...options.headers },
      body: options.body ?? null,
    };
    try {
      for (let redirects = 0; ; redirects++) {
        const { response, target } = await this.#hop(next, { signal, maxBytes, follow: maxRedirects > 0 });
        if (!target) return response;
        if (redirects === maxRedirects) {
          throw new OutboundError('OUTBOUND_BAD_RESPONSE', `The server redirected more than ${maxRedirects} times.`);
        }
        next = redirected(next, response.status, target);
      }
    } catch (error) {
      if (options.signal?.aborted) throw new OutboundError('OUTBOUND_CANCELLED', 'The request was cancelled.', error);
      throw toOutboundError(error);
    }
  }

  async #hop(
    hop: Hop,
    { signal, maxBytes, follow }: HopOptions,
  ): Promise<{ response: OutboundResponse; target?: URL }> {
    const { url, method, headers, body } = hop;
    const answer = await request(url, {
      method,
      body,
      signal,
      dispatcher: this.#agent,
      headers: { 'accept-encoding': ACCEPTED_ENCODINGS, ...headers },
    });
    // Leaving early breaks the connection, which is no error of anybody's.
    answer.body.on('error', () => {});
    try {
      const answered = flatten(answer.headers);
      const bare = { status: answer.statusCode, url: url.href, headers: answered };
      const isRedirect = follow && REDIRECTS.has(answer.statusCode) && answered.location !== undefined;
      if (isRedirect) {
        const target = readOutboundUrl(answered.location ?? '', url);
        return { response: { ...bare, bytes: Buffer.alloc(0), truncated: false }, target };
      }
      const read = await readBody(answer.body, method === 'HEAD' ? '' : answered['content-encoding'], maxBytes);
      return { response: { ...bare, ...read } };
    } finally {
      answer.body.destroy();
    }
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

interface Hop {
  url: URL;
  method: NonNullable<OutboundRequest['method']>;
  headers: Record<string, string>;
  body: string | Uint8Array | null;
}

interface HopOptions {
  signal: AbortSignal;
  maxBytes: number;
  follow: boolean;
}

/** As browsers follow: 303, and 301 and 302 after a POST, become a GET; secrets stay with the origin they were meant for. */
function redirected(from: Hop, status: number, url: URL): Hop {
  const becomesGet = (status === 303 && from.method !== 'HEAD') || (status < 303 && from.method === 'POST');
  const dropped = [
    ...(url.origin === from.url.origin ? [] : CONFIDENTIAL_HEADERS),
    ...(becomesGet ? ['content-type', 'content-length', 'content-encoding'] : []),
  ];
  return {
    url,
    method: becomesGet ? 'GET' : from.method,
    headers: Object.fromEntries(Object.entries(from.headers).filter(([name]) => !dropped.includes(name.toLowerCase()))),
    body: becomesGet ? null : from.body,
  };
}

const flatten = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
