import type { ASTNode } from 'graphql';
import { GraphQLError } from 'graphql';
import type { RequestLimitOptions } from './limit-options.ts';

/** A limit that a request can break. */
export type LimitName = Exclude<
  keyof RequestLimitOptions,
  'mutationCost' | 'introspectionCost' | 'assumedPageSize' | 'assumedListSize' | 'cachedCharacters'
>;

/** What the client is told in `extensions.limit`. */
export interface BrokenLimit {
  name: LimitName;
  max: number;
  /** What the request has; for `tokens` and the limits of variables, where counting stopped. */
  found: number;
}

const MEANINGS: Record<LimitName, string> = {
  sourceBytes: 'bytes of document',
  tokens: 'tokens',
  depth: 'levels of nested fields',
  fields: 'fields, with fragments counted wherever they are spread',
  aliases: 'aliases',
  directives: 'directives',
  directivesPerNode: 'directives in one place',
  rootFields: 'fields at the root',
  cost: 'points of cost, which about equals the fields of the answer; ask for smaller pages or fewer fields',
  introspectionRoots: '__schema and __type fields',
  introspectionDepth: 'levels of nested introspection fields',
  introspectionFields: 'introspection fields',
  introspectionLists: 'nested lists of types and fields in introspection',
  variableBytes: 'bytes of variables',
  variableDepth: 'levels of nesting in variables',
};

const asNumber = (value: number) => Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);

/**
 * The refusal of a request that is too large.
 * @param found What the request has; numbers beyond what JSON carries exactly are cut.
 */
export function limitExceeded(name: LimitName, max: number, found: number, node?: ASTNode): GraphQLError {
  const limit: BrokenLimit = { name, max, found: asNumber(found) };
  const message = `The request has ${limit.found} where the limit "${name}" allows ${max}: ${MEANINGS[name]}.`;
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', limit }, ...(node && { nodes: node }) });
}
