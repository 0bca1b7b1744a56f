import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import { DEFAULT_PAGE_SIZE, type Page } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { ruleDecided } from '#core/rule/decision-event';
import { requireViewer } from '#core/viewer';
import type { RuleDecision, RuleNotice } from '#prisma/generated/client';
import { presentName } from '../simulation/simulation.resolver.ts';
import {
  MarkRuleNoticesReadInput,
  MarkRuleNoticesReadPayload,
  RuleDecisionConnection,
  RuleDecisionFilterInput,
  type RuleDecisionType,
  RuleNoticeConnection,
  type RuleNoticeType,
  type RuleRoutingType,
} from './decision.type.ts';
import type { DecisionReader } from './decision-reader.ts';

const AFTER = 'The cursor after which to begin.';

@Resolver()
export class DecisionResolver {
  constructor(private readonly reader: DecisionReader) {}

  @Query(() => RuleDecisionConnection, {
    description: 'What rules have decided, newest first. It holds nothing of what was said.',
  })
  ruleDecisions(
    @Ctx() { viewer }: RequestContext,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
    @Arg('filter', () => RuleDecisionFilterInput, { nullable: true }) filter?: RuleDecisionFilterInput | null,
  ): Promise<Page<RuleDecisionType>> {
    return this.reader.list(requireViewer(viewer), { first, after }, filter, presentDecision);
  }

  @Query(() => RuleNoticeConnection, { description: 'What rules tell you, newest first.' })
  ruleNotices(
    @Ctx() { viewer }: RequestContext,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
    @Arg('unreadOnly', () => Boolean, { defaultValue: false, nullable: true }) unreadOnly?: boolean | null,
  ): Promise<Page<RuleNoticeType>> {
    return this.reader.notices(requireViewer(viewer), { first, after }, unreadOnly ?? false, presentNotice);
  }

  @Mutation(() => MarkRuleNoticesReadPayload, { description: 'Marks a notice and those before it as read.' })
  async markRuleNoticesRead(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => MarkRuleNoticesReadInput) input: MarkRuleNoticesReadInput,
  ): Promise<MarkRuleNoticesReadPayload> {
    return { marked: await this.reader.markRead(requireViewer(viewer), input.upToId) };
  }
}

const reference = (id: string | null) => (id === null ? null : { id });

const { reasons: storedReasons, routing: storedRouting } = ruleDecided.shape;

const presentDecision = (row: RuleDecision): RuleDecisionType => ({
  id: row.id,
  stage: row.stage,
  outcome: row.outcome,
  conversation: reference(row.conversationId),
  run: reference(row.runId),
  message: reference(row.messageId),
  agent: reference(row.agentId),
  tool: row.tool,
  reasons: storedReasons.parse(row.reasons).map(({ rule, ...rest }) => ({ ...rest, rule: presentName(rule) })),
  routing: presentRouting(row.routing),
  micros: row.micros,
  decidedAt: row.decidedAt,
});

function presentRouting(stored: unknown): RuleRoutingType | null {
  const routing = storedRouting.parse(stored ?? null);
  if (!routing) return null;
  const { chosen, candidates, ...rest } = routing;
  const refer = (one: { kind: string; id: string } | null) => ({
    agent: one?.kind === 'AGENT' ? { id: one.id } : null,
    user: one?.kind === 'USER' ? { id: one.id } : null,
  });
  return {
    ...rest,
    ...refer(chosen),
    candidates: candidates.map(({ id, ...each }) => ({ ...each, ...refer({ kind: each.kind, id }) })),
  };
}

const presentNotice = (row: RuleNotice): RuleNoticeType => ({
  id: row.id,
  message: row.message,
  ruleName: row.ruleName,
  conversation: reference(row.conversationId),
  createdAt: row.createdAt,
  readAt: row.readAt,
});
