/** What Parley adds to a direct call of the same provider: to the first token, and to each token. */
import { TestClient } from '#test/support/client';
import { ms, percentile, printTable } from './figure.ts';
import { OWNER, run, runServer } from './process.ts';
import { direct, measure, throughParley } from './reply-stream.ts';

const TOKENS = 50;
const GAP_MS = 20;
const ROUNDS: Record<number, number> = { 1: 20, 10: 5, 50: 3, 200: 2 };

const provider = await run('test/bench/provider.ts', [String(TOKENS), String(GAP_MS)], /\d+\n/);
const providerUrl = `http://127.0.0.1:${provider.output.trim()}`;
const server = await runServer(providerUrl);
try {
  const anonymous = new TestClient(server.url);
  const { logIn } = await anonymous.request<{ logIn: { accessToken: string } }>(
    'mutation ($i: LogInInput!) { logIn(input: $i) { accessToken } }',
    { i: OWNER },
  );
  const client = anonymous.as(logIn.accessToken);
  const { createAgent } = await client.request<{ createAgent: { agent: { id: string } } }>(
    'mutation ($i: CreateAgentInput!) { createAgent(input: $i) { agent { id } } }',
    { i: { name: 'Bench', model: 'openai/gpt-bench' } },
  );
  const rows = [
    ['streams', 'first token p50', 'p95', 'direct p50', 'added p50', 'token lag p50', 'p99', 'direct p50', 'p99'],
  ];
  for (const [count, rounds] of Object.entries(ROUNDS)) {
    const streams = await Promise.all(
      Array.from({ length: Number(count) }, () => throughParley(client, createAgent.agent.id)),
    );
    const asks = streams.map(({ ask }) => ask);
    await measure(asks, 1);
    const own = await measure(asks, rounds);
    for (const stream of streams) stream.close();
    const peer = await measure(
      Array.from({ length: Number(count) }, () => () => direct(providerUrl)),
      rounds,
    );
    const [first, peerFirst] = [percentile(own.first, 0.5), percentile(peer.first, 0.5)];
    rows.push([
      count,
      ms(first),
      ms(percentile(own.first, 0.95)),
      ms(peerFirst),
      ms(first - peerFirst),
      ms(percentile(own.lag, 0.5)),
      ms(percentile(own.lag, 0.99)),
      ms(percentile(peer.lag, 0.5)),
      ms(percentile(peer.lag, 0.99)),
    ]);
  }
  printTable(`Replies of ${TOKENS} tokens, one every ${GAP_MS} ms`, rows);
} finally {
  await server.stop();
  await provider.stop();
}
process.exit(0);
