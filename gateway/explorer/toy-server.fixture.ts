import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { buildSchema, graphql } from 'graphql';
import { useServer as serveSockets } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { registerExplorer } from './explorer.ts';
import { sandboxPage, wantsPage } from './sandbox.ts';

const TOKEN = 'Bearer toy-token';

const schema = buildSchema(`
  type Query { viewer: Viewer conversations(first: Int = 20): ConversationConnection! }
  type Mutation { logIn(input: LogInInput!): SessionPayload! }
  type Subscription { countdown(from: Int = 3): Int! }
  input LogInInput { email: String! password: String! }
  type SessionPayload { accessToken: String! refreshToken: String! expiresAt: String! viewer: Viewer! }
  type Viewer { user: User organization: Organization! }
  type User { name: String }
  type Organization { name: String! }
  type ConversationConnection { edges: [ConversationEdge!]! }
  type ConversationEdge { node: Conversation! }
  type Conversation { id: ID! title: String }
`);

const viewer = { user: { name: 'Ada' }, organization: { name: 'Analytical Engines' } };

interface ToyContext {
  authorization: unknown;
}

const rootValue = {
  viewer: (_: unknown, context: ToyContext) => (context.authorization === TOKEN ? viewer : null),
  conversations: () => ({ edges: [{ node: { id: 'room-1', title: 'Lobby' } }] }),
  logIn({ input }: { input: { email: string; password: string } }) {
    if (input.password !== 'correct') throw new Error('E-mail or password is wrong.');
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    return { accessToken: 'toy-token', refreshToken: 'toy-refresh', expiresAt, viewer };
  },
  async *countdown({ from }: { from: number }, context: ToyContext) {
    if (context.authorization !== TOKEN) throw new Error('Log in first.');
    for (let left = from; left >= 0; left -= 1) yield { countdown: left };
  },
};

/** A request as the toy has seen it. */
export interface SeenRequest {
  query: string;
  authorization: string | undefined;
  preflight: string | undefined;
}

/** A server with the explorers, an endpoint and a WebSocket, but nothing of Parley behind them. */
export async function startToyServer(folder: string) {
  const seen: SeenRequest[] = [];
  const app = Fastify();
  registerExplorer(app, { folder });
  app.get('/graphql', (request, reply) => {
    if (!wantsPage(request)) return reply.code(400).send('no operation');
    const { html, headers } = sandboxPage();
    return reply.headers(headers).send(html);
  });
  app.post<{ Body: { query: string; variables?: Record<string, unknown>; operationName?: string } }>(
    '/graphql',
    async (request) => {
      const { query, variables, operationName } = request.body;
      const { authorization } = request.headers;
      seen.push({ query, authorization, preflight: request.headers['apollo-require-preflight'] as string | undefined });
      return await graphql({
        schema,
        rootValue,
        source: query,
        variableValues: variables,
        operationName,
        contextValue: { authorization } satisfies ToyContext,
      });
    },
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  const sockets = new WebSocketServer({ server: app.server, path: '/graphql' });
  const graphqlWs = serveSockets(
    {
      schema,
      roots: { subscription: rootValue },
      context: ({ connectionParams }): ToyContext => ({ authorization: connectionParams?.authorization }),
    },
    sockets,
  );
  return {
    seen,
    origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    async stop() {
      await graphqlWs.dispose();
      await app.close();
    },
  };
}
