import type { Person } from '#test/support/seed';

export const CREATE_RULE = `mutation ($input: CreateRuleInput!) { createRule(input: $input) {
  rule { id version enabled } warnings { code message ruleId } } }`;

export interface Warned {
  rule: { id: string; version: number; enabled: boolean };
  warnings: { code: string; message: string; ruleId: string }[];
}

/** Makes a rule, at the stage INPUT unless told otherwise. */
export async function createRule(by: Person, input: Record<string, unknown>): Promise<Warned> {
  const { createRule } = await by.client.request<{ createRule: Warned }>(CREATE_RULE, {
    input: { name: 'A rule', stage: 'INPUT', ...input },
  });
  return createRule;
}
