/** A refusal in the server's own words. */
export class ApiError extends Error {
  constructor(
    /** From the API's closed set, such as `NOT_FOUND`. */
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | undefined = undefined,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Nobody answered, or only a proxy. */
export class Unreachable extends Error {
  constructor(endpoint: URL, cause?: unknown) {
    super(`The server at ${endpoint.origin} cannot be reached.`, { cause });
    this.name = 'Unreachable';
  }
}

export interface RequestHeaders {
  authorization?: string | undefined;
  /** With the same key, a mutation that is sent again has one effect, and is answered as it was the first time. */
  idempotencyKey?: string | undefined;
}

/** As GraphQL sends it, over HTTP and in WebSocket messages. */
export interface WireError {
  message: string;
  extensions?: {
    code?: string;
    retryAfterSeconds?: number;
    /** Where input makes no sense: what is wrong with each piece of it. */
    fields?: { path: string; message: string }[];
  };
}

interface Answer<Data> {
  data?: Data | null;
  errors?: WireError[];
}

/** In milliseconds; replies are streamed elsewhere, so an answer takes little time. */
const TIMEOUT = 30_000;

/**
 * Sends one query or mutation.
 * @throws ApiError where the server refuses; Unreachable where there is no answer.
 */
export async function request<Data>(
  endpoint: URL,
  query: string,
  variables: Record<string, unknown>,
  { authorization, idempotencyKey }: RequestHeaders = {},
): Promise<Data> {
  const answer = await send<Data>(endpoint, JSON.stringify({ query, variables }), {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json;q=0.9',
    ...(authorization && { authorization }),
    ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
  });
  if (answer.errors?.[0]) throw toApiError(answer.errors[0]);
  if (!answer.data) throw new Unreachable(endpoint);
  return answer.data;
}

export const toApiError = ({ message, extensions }: WireError): ApiError =>
  new ApiError(
    extensions?.code ?? 'INTERNAL',
    // Whoever has typed a line knows no paths of fields.
    extensions?.fields?.map((field) => field.message.replace(/([^.!?])$/, '$1.')).join(' ') || message,
    extensions?.retryAfterSeconds,
  );

async function send<Data>(endpoint: URL, body: string, headers: Record<string, string>): Promise<Answer<Data>> {
  try {
    const response = await fetch(endpoint, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT) });
    return (await response.json()) as Answer<Data>;
  } catch (cause) {
    throw new Unreachable(endpoint, cause);
  }
}
