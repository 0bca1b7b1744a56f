import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { limitExceeded } from './limit-error.ts';
import { DEFAULT_REQUEST_LIMITS, type RequestLimitOptions } from './limit-options.ts';
import { operationCost, type RawVariables } from './operation-cost.ts';
import { createSizeRule } from './size-rule.ts';
import { measureVariables } from './variable-size.ts';

/** What is about to be run, whatever it came in on. */
export interface LimitedRequest {
  /** The schema that the client sees. */
  schema: GraphQLSchema;
  /** As the client sent them, not coerced. */
  variables?: RawVariables | null | undefined;
  /** Needed where the document has several operations. */
  operationName?: string | null | undefined;
}

/** Either the document, valid and within the limits, or what to answer instead, each error coded `BAD_USER_INPUT`. */
export type LimitedResult =
  | { document: DocumentNode; cost: number; errors?: undefined }
  | { errors: readonly GraphQLError[]; document?: undefined };

/** What a run was found to cost, or what to refuse it for. */
export type RunResult = { cost: number; error?: undefined } | { error: GraphQLError };

/** The limits of one server, with the documents that it remembers as sound. */
export interface RequestLimits {
  readonly options: Readonly<RequestLimitOptions>;
  /** For `parse`: refuses a document with too many tokens before the rest of it is read. */
  readonly parseOptions: { readonly maxTokens: number };
  /** For `validate`, after graphql's own rules. */
  readonly validationRules: readonly ValidationRule[];
  /** For `validate`: an answer need not list more faults than a person reads. */
  readonly validationOptions: { readonly maxErrors: number };
  /** Parses, validates and measures a request. A document that passed is not parsed or validated again. */
  check(request: LimitedRequest & ({ source: string } | { document: DocumentNode })): LimitedResult;
  /**
   * Checks what can differ from request to request: the size of the variables, and the cost that depends on them.
   * @param document Parsed and valid under `validationRules`.
   * @returns An operation that cannot be told passes and costs nothing, as there is nothing to run.
   */
  checkRun(request: LimitedRequest & { document: DocumentNode }): RunResult;
}

type ReadResult =
  | { document: DocumentNode; errors?: undefined }
  | { errors: readonly GraphQLError[]; document?: undefined };

/** The faults of a document that one answer lists. */
const MAX_LISTED_ERRORS = 20;

/**
 * Makes the limits that HTTP and WebSocket share.
 * @param overrides What differs from `DEFAULT_REQUEST_LIMITS`.
 */
export function createRequestLimits(overrides: Partial<RequestLimitOptions> = {}): RequestLimits {
  const options: Readonly<RequestLimitOptions> = { ...DEFAULT_REQUEST_LIMITS, ...overrides };
  const parseOptions = { maxTokens: options.tokens };
  const validationRules = [createSizeRule(options)];
  const validationOptions = { maxErrors: MAX_LISTED_ERRORS };
  const soundBySource = new WeakMap<GraphQLSchema, LRUCache<string, DocumentNode>>();
  const soundDocuments = new WeakMap<GraphQLSchema, WeakSet<DocumentNode>>();
  const fixedCosts = new WeakMap<OperationDefinitionNode, { schema: GraphQLSchema; cost: number }>();

  const findFaults = (schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] => {
    const sound = entryOf(soundDocuments, schema, () => new WeakSet<DocumentNode>());
    if (sound.has(document)) return [];
    const faults = validate(schema, document, [...specifiedRules, ...validationRules], validationOptions);
    if (faults.length === 0) sound.add(document);
    return faults.map(asBadInput);
  };

  const read = (schema: GraphQLSchema, source: string): ReadResult => {
    const remembered = entryOf(soundBySource, schema, () => createDocumentCache(options.cachedCharacters));
    const known = remembered.get(source);
    if (known) return { document: known };
    const bytes = Buffer.byteLength(source);
    if (bytes > options.sourceBytes) return { errors: [limitExceeded('sourceBytes', options.sourceBytes, bytes)] };
    const document = parseWithin(source, options.tokens);
    if (document instanceof GraphQLError) return { errors: [document] };
    const errors = findFaults(schema, document);
    if (errors.length > 0) return { errors };
    remembered.set(source, document);
    return { document };
  };

  const costOf = (
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    raw: RawVariables,
  ) => {
    const fixed = fixedCosts.get(operation);
    if (fixed?.schema === schema) return fixed.cost;
    const { cost, dependsOnVariables } = operationCost(schema, document, operation, raw, options);
    if (!dependsOnVariables) fixedCosts.set(operation, { schema, cost });
    return cost;
  };

  const checkRun: RequestLimits['checkRun'] = ({ schema, document, variables, operationName }) => {
    const raw = variables ?? {};
    const size = measureVariables(raw, options);
    if (size.depth > options.variableDepth) {
      return { error: limitExceeded('variableDepth', options.variableDepth, size.depth) };
    }
    if (size.bytes > options.variableBytes) {
      return { error: limitExceeded('variableBytes', options.variableBytes, size.bytes) };
    }
    const operation = getOperationAST(document, operationName);
    if (!operation) return { cost: 0 };
    const cost = costOf(schema, document, operation, raw);
    return cost > options.cost ? { error: limitExceeded('cost', options.cost, cost, operation) } : { cost };
  };

  const check: RequestLimits['check'] = (request) => {
    const { schema } = request;
    let result: ReadResult;
    if ('source' in request) result = read(schema, request.source);
    else {
      const errors = findFaults(schema, request.document);
      result = errors.length > 0 ? { errors } : { document: request.document };
    }
    if (!result.document) return result;
    const run = checkRun({ ...request, document: result.document });
    return run.error ? { errors: [run.error] } : { document: result.document, cost: run.cost };
  };

  return { options, parseOptions, validationRules, validationOptions, check, checkRun };
}

/** graphql's own message for too many tokens, which has no code to tell it by. */
export const isTooManyTokens = (error: GraphQLError): boolean =>
  /Document contains more tha[nt] \d+ tokens/.test(error.message);

function parseWithin(source: string, maxTokens: number): DocumentNode | GraphQLError {
  try {
    return parse(source, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return isTooManyTokens(error) ? limitExceeded('tokens', maxTokens, maxTokens + 1) : asBadInput(error);
  }
}

const asBadInput = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.nodes && { nodes: error.nodes }),
    ...(error.source && { source: error.source }),
    ...(error.positions && { positions: error.positions }),
    extensions: { ...error.extensions, code: 'BAD_USER_INPUT' },
  });

const createDocumentCache = (characters: number) =>
  new LRUCache<string, DocumentNode>({ maxSize: characters, sizeCalculation: (_, source) => source.length + 1 });

function entryOf<K extends WeakKey, V>(map: WeakMap<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known) return known;
  const created = create();
  map.set(key, created);
  return created;
}
