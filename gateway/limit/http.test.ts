import type { AddressInfo } from 'node:net';
import { ApolloServer } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import Fastify, { type FastifyInstance } from 'fastify';
import { getIntrospectionQuery, printSchema } from 'graphql';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestEnvelope } from '#core/subgraph/operation';
import { apolloLimitPlugin } from './apollo-plugin.ts';
import { httpStatusPlugin } from './http-status.ts';
import { createRequestLimits } from './request-limits.ts';
import { toySchema } from './toy-room.fixture.ts';

type Envelope = Pick<RequestEnvelope, 'viewer' | 'client'>;

const ANYBODY: Envelope = { viewer: null, client: { ip: '127.0.0.1', userAgent: null } };

const limits = createRequestLimits();
let app: FastifyInstance;
let apollo: ApolloServer<{ envelope: Envelope }>;
let url: string;

beforeAll(async () => {
  apollo = new ApolloServer<{ envelope: Envelope }>({
    typeDefs: printSchema(toySchema),
    introspection: true,
    csrfPrevention: true,
    parseOptions: limits.parseOptions,
    validationRules: [...limits.validationRules],
    validationOptions: limits.validationOptions,
    plugins: [apolloLimitPlugin(limits, async () => {}), httpStatusPlugin()],
  });
  await apollo.start();
  app = Fastify();
  await app.register(fastifyApollo(apollo), { context: async () => ({ envelope: ANYBODY }) });
  await app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/graphql`;
});

afterAll(async () => {
  await apollo.stop();
  await app.close();
});

const preflightedFetch: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('apollo-require-preflight', 'true');
  return fetch(input, { ...init, headers });
};

interface Answer {
  data?: unknown;
  errors?: { message: string; extensions: { code: string; limit?: unknown } }[];
}

const post = async (body: unknown, accept = 'application/json') => {
  const headers = { 'content-type': 'application/json', accept };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    answer: (await response.json()) as Answer,
  };
};

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => url, fetchFn: preflightedFetch });

  test('the audit has the cases that it is known for', () => {
    expect(audits).toHaveLength(61);
  });

  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
    const result = await audit.fn();
    expect(result.status === 'ok' ? 'ok' : result.reason).toBe('ok');
  });

  test('a GET that a foreign page could send without asking is refused', async () => {
    const response = await fetch(`${url}?query=${encodeURIComponent('{ version }')}`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('CSRF');
  });

  test.each([
    ['syntax', { query: '{ version' }],
    ['validation', { query: '{ nothing }' }],
    ['variables', { query: 'query ($id: ID!) { room(id: $id) { id } }' }],
    ['limits', { query: '{ rooms(first: 1000000) { nodes { id } } }' }],
  ])('a fault of %s has the status that the client can read', async (_, body) => {
    const known = await post(body, 'application/graphql-response+json');
    expect(known).toMatchObject({ status: 400, type: expect.stringContaining('application/graphql-response+json') });
    const both = await post(body, 'application/json, application/graphql-response+json;q=0.9');
    expect(both).toMatchObject({ status: 400, type: expect.stringContaining('application/graphql-response+json') });
    for (const accept of ['application/json', '*/*']) {
      expect(await post(body, accept)).toMatchObject({
        status: 200,
        type: expect.stringContaining('application/json'),
      });
    }
    expect(known.answer.data).toBeUndefined();
    expect(known.answer.errors?.length).toBeGreaterThan(0);
  });

  test('what is not GraphQL at all keeps its status', async () => {
    expect((await post({ operationName: 'x' })).status).toBe(400);
  });
});

describe('limits in Apollo Server', () => {
  const limitOf = async (body: unknown) => (await post(body)).answer.errors?.[0]?.extensions.limit;

  test('let ordinary requests and introspection through', async () => {
    expect(await post({ query: '{ version }' })).toMatchObject({ status: 200, answer: { data: { version: null } } });
    const { answer } = await post({ query: getIntrospectionQuery() });
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toHaveProperty('__schema');
  });

  test('refuse with the limit and the value, each in its place', async () => {
    const version = (count: number) => ({ query: `{ ${'version '.repeat(count)} }` });
    expect(await limitOf(version(3_000))).toEqual({ name: 'tokens', max: 2_000, found: 2_001 });
    expect(await limitOf(version(700))).toEqual({ name: 'fields', max: 600, found: 700 });
    expect(await limitOf({ query: `{ version } #${'x'.repeat(70_000)}` })).toMatchObject({ name: 'sourceBytes' });
    const query = 'query ($n: Int) { rooms(first: $n) { nodes { id } } }';
    expect(await limitOf({ query, variables: { n: 5 } })).toBeUndefined();
    expect(await limitOf({ query, variables: { n: 10_000 } })).toEqual({ name: 'cost', max: 10_000, found: 10_002 });
    expect(await limitOf({ query, variables: { n: 5 } })).toBeUndefined();
    const { answer } = await post(version(3_000));
    expect(answer.errors?.[0]?.message).toContain('the limit "tokens" allows 2000');
  });
});
