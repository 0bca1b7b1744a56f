/** What rules about what agents say add to a reply: to each token on its way, and to the work that it takes. */
import { DETECTORS } from '#core/guard/detectors';
import { StreamGuard } from '#core/guard/stream-guard';
import { TestClient } from '#test/support/client';
import { ms, percentile, printTable } from './figure.ts';
import { OWNER, run, runServer } from './process.ts';
import { measure, throughParley } from './reply-stream.ts';

const TOKENS = 50;
const GAP_MS = 20;
const STREAMS = 10;
const ROUNDS = 5;

const PROSE =
  'Dear Ann, thank you for the 3 boxes of 24 lamps that came on 2026-11-25. Two of them (no. 7 and 12) do not light, ' +
  'and one has a scratch. I have written to the shop in the Grand Street; they say that it takes 5 to 7 days. ';

/** Prose in tokens of four characters: how many further tokens a character waits for, and what a token costs. */
function alone(detectors: (typeof DETECTORS)[keyof typeof DETECTORS][]): string[] {
  const text = PROSE.repeat(200);
  const tokens = text.match(/[\s\S]{1,4}/g) ?? [];
  const guard = new StreamGuard([{ id: 'bench', detectors, action: { kind: 'REDACT' }, failMode: 'CLOSED' }]);
  const waits: number[] = [];
  const begun = performance.now();
  let given = 0;
  for (const [index, token] of tokens.entries()) {
    const shown = guard.push(token);
    for (let at = given; at < given + shown.length; at += 1) waits.push(index - Math.floor(at / 4));
    given += shown.length;
  }
  const took = performance.now() - begun;
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  const most = waits.reduce((top, wait) => Math.max(top, wait), 0);
  return [
    mean.toFixed(2),
    String(percentile(waits, 0.99)),
    String(most),
    `${((took / tokens.length) * 1_000).toFixed(1)} µs`,
  ];
}

printTable('Prose of four characters a token: tokens that a character waits for', [
  ['looked for', 'mean', 'p99', 'most', 'work per token'],
  ...Object.entries(DETECTORS).map(([name, detector]) => [name, ...alone([detector])]),
  ['all of them', ...alone(Object.values(DETECTORS))],
]);

const provider = await run('test/bench/provider.ts', [String(TOKENS), String(GAP_MS)], /\d+\n/);
const server = await runServer(`http://127.0.0.1:${provider.output.trim()}`);
try {
  const anonymous = new TestClient(server.url);
  const { logIn } = await anonymous.request<{ logIn: { accessToken: string } }>(
    'mutation ($i: LogInInput!) { logIn(input: $i) { accessToken } }',
    { i: OWNER },
  );
  const client = anonymous.as(logIn.accessToken);
  const agent = async (name: string) => {
    const { createAgent } = await client.request<{ createAgent: { agent: { id: string } } }>(
      'mutation ($i: CreateAgentInput!) { createAgent(input: $i) { agent { id } } }',
      { i: { name, model: 'openai/gpt-bench' } },
    );
    return createAgent.agent.id;
  };
  const guarded = async (name: string, detectors: string[]) => {
    const agentId = await agent(name);
    await client.request('mutation ($i: CreateRuleInput!) { createRule(input: $i) { rule { id } } }', {
      i: { name, stage: 'OUTPUT', scope: { agentId }, actions: [{ redact: { detectors } }] },
    });
    return agentId;
  };
  const lagOf = async (agentId: string) => {
    const streams = await Promise.all(Array.from({ length: STREAMS }, () => throughParley(client, agentId)));
    const asks = streams.map(({ ask }) => ask);
    await measure(asks, 1);
    const samples = await measure(asks, ROUNDS);
    for (const stream of streams) stream.close();
    return samples;
  };
  // Tokens are numbers of thirteen digits: of these cards could begin with each.
  const without = await lagOf(await agent('Free'));
  const others = await lagOf(await guarded('All but cards', ['EMAIL', 'IBAN', 'SECRET']));
  const cards = await lagOf(await guarded('Cards', ['CARD']));
  const row = (name: string, share: number, of: 'first' | 'lag') => {
    const base = percentile(without[of], share);
    const compared = [others, cards].flatMap((samples) => {
      const value = percentile(samples[of], share);
      return [ms(value), (value / base).toFixed(2)];
    });
    return [name, ms(base), ...compared];
  };
  printTable(`${STREAMS} replies at once of ${TOKENS} tokens, one every ${GAP_MS} ms`, [
    ['', 'without a rule', 'e-mail, IBAN, secrets', 'ratio', 'cards, in a text of digits', 'ratio'],
    row('first token p50', 0.5, 'first'),
    row('first token p95', 0.95, 'first'),
    row('token lag p50', 0.5, 'lag'),
    row('token lag p99', 0.99, 'lag'),
  ]);
} finally {
  await server.stop();
  await provider.stop();
}
process.exit(0);
