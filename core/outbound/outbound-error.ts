/** The closed set of ways in which a request to the outside fails. */
export const OUTBOUND_ERROR_CODES = [
  /** The address may not be reached: it is no URL for this, or leads to this machine or its network. */
  'OUTBOUND_REFUSED',
  /** The name does not exist, or nothing answers there. */
  'OUTBOUND_UNREACHABLE',
  /** Connecting, waiting for the answer or reading it took too long. */
  'OUTBOUND_TIMEOUT',
  /** What came is no HTTP answer that can be read, or redirects without end. */
  'OUTBOUND_BAD_RESPONSE',
  /** The caller aborted. */
  'OUTBOUND_CANCELLED',
] as const;

export type OutboundErrorCode = (typeof OUTBOUND_ERROR_CODES)[number];

/** A request to the outside that failed. The message may be shown to anybody: it names no address that a name led to. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';

  constructor(
    readonly code: OutboundErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? {} : { cause });
  }
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

/** What undici, Node's sockets, TLS or zlib threw, as one of ours. */
export function toOutboundError(error: unknown): OutboundError {
  if (error instanceof OutboundError) return error;
  const { code = '', name = '' } = error as { code?: string; name?: string };
  if (name === 'TimeoutError' || TIMEOUTS.has(code)) {
    return new OutboundError('OUTBOUND_TIMEOUT', 'The server took too long to answer.', error);
  }
  if (name === 'AbortError' || code === 'UND_ERR_ABORTED') {
    return new OutboundError('OUTBOUND_CANCELLED', 'The request was cancelled.', error);
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return new OutboundError('OUTBOUND_UNREACHABLE', 'No secure connection to the server could be made.', error);
  }
  if (
    name === 'HTTPParserError' ||
    /^(HPE_|Z_|ERR_BROTLI|ERR_ZSTD|UND_ERR_(HEADERS_OVERFLOW|RES|RESPONSE|REQ_CONTENT))/.test(code)
  ) {
    return new OutboundError('OUTBOUND_BAD_RESPONSE', 'The server’s answer cannot be read.', error);
  }
  return new OutboundError('OUTBOUND_UNREACHABLE', 'The server cannot be reached.', error);
}
