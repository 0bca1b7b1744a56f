import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';
import { isConnectionFailure } from './database/failure.ts';
import { type ErrorCode, isErrorCode } from './error.ts';
import type { Logger } from './log.ts';

/** Codes that Apollo's packages use for faults of the request, and what they are called here. */
const APOLLO_CODES: Record<string, ErrorCode> = {
  GRAPHQL_PARSE_FAILED: 'BAD_USER_INPUT',
  GRAPHQL_VALIDATION_FAILED: 'BAD_USER_INPUT',
  BAD_REQUEST: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
  PERSISTED_QUERY_NOT_FOUND: 'BAD_USER_INPUT',
  PERSISTED_QUERY_NOT_SUPPORTED: 'BAD_USER_INPUT',
};

/** Extensions that a client may see beside the code. */
const SHOWN_EXTENSIONS = ['fields', 'retryAfterSeconds', 'resumable', 'cursor', 'limit', 'revision'] as const;

/**
 * The one place where errors become what a client may read. A coded error keeps its words; a database that is away is
 * `UNAVAILABLE`; everything else is `INTERNAL` without words, and is logged whole beside the request's id.
 */
export function maskError(error: GraphQLError, log: Logger, requestId: string): GraphQLError {
  const origin = innermost(error);
  const code = codeOf(error, origin);
  if (code === 'INTERNAL') {
    log.error({ err: origin, path: error.path, requestId }, 'a request failed');
    return rebuild(error, code, `Something went wrong on our side. Quote the request id ${requestId}.`, {});
  }
  if (code === 'UNAVAILABLE' && origin !== error && !(origin instanceof GraphQLError)) {
    log.warn({ err: origin, path: error.path, requestId }, 'something that a request needs is away');
    return rebuild(error, code, 'Something that Parley depends on cannot be reached. Try again shortly.', {});
  }
  const given = error.extensions.code ? error.extensions : ((origin as GraphQLError).extensions ?? {});
  return rebuild(error, code, error.message, given);
}

function innermost(error: GraphQLError): unknown {
  let origin: unknown = error;
  while (origin instanceof GraphQLError && origin.originalError) origin = origin.originalError;
  return origin;
}

function codeOf(error: GraphQLError, origin: unknown): ErrorCode {
  for (const candidate of [error, origin]) {
    const code = candidate instanceof GraphQLError ? candidate.extensions.code : undefined;
    if (isErrorCode(code)) return code;
    if (typeof code === 'string' && APOLLO_CODES[code]) return APOLLO_CODES[code];
  }
  if (isConnectionFailure(origin)) return 'UNAVAILABLE';
  // graphql-js points at the place in the document where the request itself is at fault, and only then.
  if (origin instanceof GraphQLError && origin.nodes && !error.extensions.code) return 'BAD_USER_INPUT';
  // A scalar refuses a variable without knowing where; graphql-js adds the place, and there is no field yet to name.
  if (origin instanceof GraphQLError && error.nodes && !error.path) return 'BAD_USER_INPUT';
  return 'INTERNAL';
}

function rebuild(error: GraphQLError, code: ErrorCode, message: string, given: GraphQLErrorExtensions): GraphQLError {
  const shown = Object.fromEntries(
    SHOWN_EXTENSIONS.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
  return new GraphQLError(message, {
    extensions: { code, ...shown },
    ...(error.path && { path: error.path }),
    ...(error.nodes && { nodes: error.nodes }),
    ...(error.source && { source: error.source }),
    ...(error.positions && { positions: error.positions }),
  });
}
