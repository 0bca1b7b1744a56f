import type { Dialect } from '#core/model/dialect.fixture';
import { type Play, stream } from '#core/model/fault-server.fixture';
import type { Person } from '#test/support/seed';

/** The digits of both, and letters of the key, are nowhere else in what these tests say. */
export const CARD = '4111 1111 1111 1111';
export const KEY = 'sk-proj-9QxZ8wVz7QxJw6KzXv5Q';

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** What of the card or the key is in a text. Ids are of any digits, and counts of tokens may be the same. */
export const leaksOf = (text: string): string[] =>
  text.replace(ID, '').match(/4111(?![\d,}])|1111[ .]|[QZ][xwJ]|[VvK][z5]|sk-/g) ?? [];

/** Makes a rule about what agents say. */
export async function createOutputRule(by: Pick<Person, 'client'>, input: Record<string, unknown>): Promise<string> {
  const { createRule } = await by.client.request<{ createRule: { rule: { id: string } } }>(
    'mutation ($input: CreateRuleInput!) { createRule(input: $input) { rule { id } } }',
    { input: { name: 'Nothing private', stage: 'OUTPUT', ...input } },
  );
  return createRule.rule.id;
}

/** Takes cards and secrets out of what an agent says. */
export const REDACT = { redact: { detectors: ['CARD', 'SECRET'], replacement: '[out]' } };

/** An answer in pieces. */
export const inPieces = (dialect: Dialect, pieces: readonly string[]): Play =>
  stream(pieces.map((piece) => dialect.text(piece)).join('') + dialect.finish('STOP'));
