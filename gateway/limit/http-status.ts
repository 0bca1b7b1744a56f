import type { ApolloServerPlugin, BaseContext } from '@apollo/server';
import type { GraphQLError } from 'graphql';

/** The type that says of an answer that it is one of GraphQL, whatever its status. */
export const RESPONSE_JSON = 'application/graphql-response+json';

/** Codes of requests that are well-formed GraphQL over HTTP, and at fault in what they carry. */
const FAULTS_OF_THE_OPERATION: readonly unknown[] = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_USER_INPUT',
];

const isFaultOfTheOperation = (error: GraphQLError) => FAULTS_OF_THE_OPERATION.includes(error.extensions.code);

/**
 * Answers a refused operation as GraphQL over HTTP asks for: with 400 where the client accepts
 * `application/graphql-response+json`, and with 200 where it only knows `application/json`, as such a client takes any
 * other status for the word of a proxy. Requests that are malformed as HTTP or JSON keep their 4xx.
 */
export function httpStatusPlugin(): ApolloServerPlugin<BaseContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ request, response, errors }) {
          if (response.http.status !== 400 || !errors?.length || !errors.every(isFaultOfTheOperation)) return;
          const accept = request.http?.headers.get('accept') ?? '';
          if (accept.toLowerCase().includes(RESPONSE_JSON)) {
            response.http.headers.set('content-type', `${RESPONSE_JSON}; charset=utf-8`);
          } else response.http.status = 200;
        },
      };
    },
  };
}
