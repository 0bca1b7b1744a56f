import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { RequestEnvelope } from '#core/subgraph/operation';
import { limitExceeded } from './limit-error.ts';
import { isTooManyTokens, type RequestLimits } from './request-limits.ts';
import type { Spend } from './spending.ts';

/**
 * The part of the limits that Apollo Server has no option for. It goes together with the options that have a place of
 * their own, so that Apollo's own document store keeps what it has validated:
 *
 *     new ApolloServer({
 *       parseOptions: limits.parseOptions,
 *       validationRules: [...limits.validationRules],
 *       validationOptions: limits.validationOptions,
 *       plugins: [apolloLimitPlugin(limits, spend)],
 *     })
 */
export function apolloLimitPlugin(
  limits: RequestLimits,
  spend: Spend,
): ApolloServerPlugin<{ envelope: Pick<RequestEnvelope, 'viewer' | 'client'> }> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ schema, document, request, contextValue }) {
          const run = limits.checkRun({
            schema,
            document,
            variables: request.variables,
            operationName: request.operationName,
          });
          if (run.error) throw withStatus(run.error, 400);
          await spend(contextValue.envelope, run.cost).catch((error: unknown) => {
            throw error instanceof GraphQLError ? withStatus(error, 429) : error;
          });
        },
        async didEncounterErrors({ errors }) {
          for (const error of errors) if (isTooManyTokens(error)) nameTokenLimit(error, limits.options.tokens);
        },
      };
    },
  };
}

/** Without a status, Apollo Server takes an error from a plugin for a fault of its own. */
const withStatus = (error: GraphQLError, status: number) =>
  new GraphQLError(error.message, {
    ...(error.nodes && { nodes: error.nodes }),
    extensions: { ...error.extensions, http: { status } },
  });

/** The parser's refusal is made by Apollo Server and can only be reworded in place. */
function nameTokenLimit(error: GraphQLError, max: number): void {
  const refusal = limitExceeded('tokens', max, max + 1);
  error.message = refusal.message;
  Object.assign(error.extensions, { limit: refusal.extensions.limit });
}
