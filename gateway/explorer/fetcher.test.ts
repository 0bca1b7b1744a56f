import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface Operation {
  query: string;
  operationName?: string | null;
}

const app = Fastify();
let fetcher: (operation: Operation) => Promise<unknown>;

beforeAll(async () => {
  app.post('/graphql', async ({ body }) => body);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  // By an address, as browsers do: it is not TypeScript.
  const { createFetcher } = await import(new URL('./browser/fetcher.js', import.meta.url).href);
  const nobody = { accessToken: async () => undefined };
  fetcher = createFetcher(new URL(`http://127.0.0.1:${port}/graphql`), nobody);
});

afterAll(() => app.close());

test.each([
  ['of the only operation, which has one', 'query Mine { __typename }', 'Rooms', 'Mine'],
  ['of no operation, where the only one has none', '{ __typename }', 'Rooms', undefined],
  ['that was chosen among several', 'query A { __typename } query B { __typename }', 'B', 'B'],
  ['as it is, where it fits none of several', 'query A { __typename } query B { __typename }', 'Rooms', 'Rooms'],
  ['as it is, of what cannot be read', 'query {', 'Rooms', 'Rooms'],
])('GraphiQL, whose idea of the name lags behind, sends the name %s', async (_title, query, operationName, sent) => {
  expect(await fetcher({ query, operationName })).toEqual({ query, ...(sent && { operationName: sent }) });
});
