import { GraphQLError } from 'graphql';

/** Any thrown value as a GraphQL error; the value itself is kept as `originalError` for the log. */
export function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}
