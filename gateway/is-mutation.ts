import { getOperationAST, parse } from 'graphql';

/** Whether the body of a GraphQL request asks for a mutation. One that cannot be read does not: Apollo will say why. */
export function isMutation(body: unknown): boolean {
  const { query, operationName } = (body ?? {}) as { query?: unknown; operationName?: unknown };
  if (typeof query !== 'string' || !query.includes('mutation')) return false;
  try {
    const operation = getOperationAST(
      parse(query, { maxTokens: 10_000 }),
      operationName ? String(operationName) : null,
    );
    return operation?.operation === 'mutation';
  } catch {
    return false;
  }
}
