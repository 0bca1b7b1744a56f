import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from './seed.ts';

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

export interface KeptDecision {
  stage: string;
  outcome: string;
  tool: string | null;
  message: { id: string } | null;
  agent: { id: string } | null;
  reasons: { rule: { name: string }; counts: boolean; why: string; error: string | null; actions: string[] }[];
  routing: {
    agent: { id: string } | null;
    user: { id: string } | null;
    strategy: string;
    reasons: string[];
    candidates: { name: string; running: number | null; isFailing: boolean | null; passedOver: string | null }[];
  } | null;
}

const DECISIONS = `query ($filter: RuleDecisionFilter) { ruleDecisions(filter: $filter) { nodes {
  stage outcome tool message { id } agent { id } reasons { rule { name } counts why error actions }
  routing { agent { id } user { id } strategy reasons candidates { name running isFailing passedOver } } } } }`;

/** What rules have decided, newest first, once there are so many of them. */
export async function decisionsOf(by: Person, filter: object, count = 1): Promise<KeptDecision[]> {
  for (let tries = 0; ; tries += 1) {
    const { ruleDecisions } = await by.client.request<{ ruleDecisions: { nodes: KeptDecision[] } }>(DECISIONS, {
      filter,
    });
    if (ruleDecisions.nodes.length >= count || tries === 100) return ruleDecisions.nodes;
    await sleep(100);
  }
}
