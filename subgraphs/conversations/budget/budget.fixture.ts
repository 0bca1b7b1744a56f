import type pg from 'pg';
import { expect } from 'vitest';
import type { TestClient } from '#test/support/client';

export interface LimitAnswer {
  id: string;
  agent: { id: string; name: string } | null;
  period: string;
  maxTokens: number;
  whenExhausted: string;
  downgradeModel: string | null;
  used: number;
  reserved: number;
  left: number;
  waitingRuns: number;
  resetsAt: string | null;
}

const FIELDS =
  'id agent { id name } period maxTokens whenExhausted downgradeModel used reserved left waitingRuns resetsAt';

export async function setLimit(client: TestClient, input: Record<string, unknown>): Promise<LimitAnswer> {
  const { setTokenLimit } = await client.request<{ setTokenLimit: { tokenLimit: LimitAnswer } }>(
    `mutation ($input: SetTokenLimitInput!) { setTokenLimit(input: $input) { tokenLimit { ${FIELDS} } } }`,
    { input },
  );
  return setTokenLimit.tokenLimit;
}

export async function removeLimit(client: TestClient, tokenLimitId: string): Promise<void> {
  await client.request(
    'mutation ($input: RemoveTokenLimitInput!) { removeTokenLimit(input: $input) { removedTokenLimitId } }',
    { input: { tokenLimitId } },
  );
}

export async function readLimits(client: TestClient): Promise<LimitAnswer[]> {
  const { tokenLimits } = await client.request<{ tokenLimits: { nodes: LimitAnswer[] } }>(
    `{ tokenLimits(first: 100) { nodes { ${FIELDS} } } }`,
  );
  return tokenLimits.nodes;
}

/** Waits until a limit looks as it should, and fails with what it looks like instead. */
export async function untilLimit(
  client: TestClient,
  id: string,
  fits: (limit: LimitAnswer) => boolean,
): Promise<LimitAnswer> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const limit = (await readLimits(client)).find((each) => each.id === id);
    if (limit && fits(limit)) return limit;
    if (Date.now() > deadline)
      throw new Error(`The limit does not come to what was expected: ${JSON.stringify(limit)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The tokens of all calls that are recorded for an organization's runs, or for those of one model. */
export async function recordedTokens(database: pg.Pool, orgId: string, model: string | null = null): Promise<number> {
  const { rows } = await database.query<{ tokens: string }>(
    `select coalesce(sum((usage->>'totalTokens')::int), 0) as tokens from model_calls
     where org_id = $1 and ($2::text is null or model = $2)`,
    [orgId, model],
  );
  return Number(rows[0]?.tokens);
}

/** What is counted of a limit is what was recorded, to the token, and nothing is held. */
export async function expectExact(client: TestClient, database: pg.Pool, orgId: string, id: string): Promise<number> {
  const limit = await untilLimit(client, id, ({ reserved }) => reserved === 0);
  expect(limit.used).toBe(await recordedTokens(database, orgId));
  expect(limit.used).toBeLessThanOrEqual(limit.maxTokens);
  return limit.used;
}
