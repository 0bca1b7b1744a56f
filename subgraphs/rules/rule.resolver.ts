import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Ctx, Directive, FieldResolver, Float, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { DEFAULT_PAGE_SIZE, type Page } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import type { RuleStage } from '#core/rule/rule';
import { RULE_FACTS } from '#core/rule/rule-fact';
import { requireViewer } from '#core/viewer';
import { RuleStageEnum } from './rule.enum.ts';
import { RuleFilterInput } from './rule.input.ts';
import { presentRule, presentVersion } from './rule.presenter.ts';
import { RuleConnection, RuleFactType, RuleType, RuleVersionConnection, RuleVersionDiffType } from './rule.type.ts';
import type { RuleBookPage, RuleReader } from './rule-reader.ts';

const AFTER = 'The cursor after which to begin.';

@Resolver(() => RuleType)
export class RuleResolver {
  constructor(private readonly reader: RuleReader) {}

  @Query(() => RuleConnection, {
    description: 'The rules of the organization, in the order in which they are looked at, stage by stage.',
  })
  rules(
    @Ctx() { viewer }: RequestContext,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
    @Arg('filter', () => RuleFilterInput, { nullable: true }) filter?: RuleFilterInput | null,
  ): Promise<Page<RuleType>> {
    return this.reader.list(requireViewer(viewer), { first, after }, filter, presentRule);
  }

  @Query(() => RuleType, { nullable: true, description: 'One rule. Null and NOT_FOUND where there is none.' })
  async rule(@Ctx() { viewer }: RequestContext, @Arg('id', () => ID) id: string): Promise<RuleType> {
    return presentRule(await this.reader.find(requireViewer(viewer), id));
  }

  @Query(() => RuleVersionDiffType, { description: 'What leads from one version of a rule to another.' })
  async ruleVersionDiff(
    @Ctx() { viewer }: RequestContext,
    @Arg('ruleId', () => ID) ruleId: string,
    @Arg('from', () => Int) from: number,
    @Arg('to', () => Int) to: number,
  ): Promise<RuleVersionDiffType> {
    return { from, to, changes: await this.reader.diff(requireViewer(viewer), ruleId, from, to) };
  }

  @Query(() => [RuleFactType], { description: 'What conditions of rules of a stage may be about.' })
  ruleFacts(@Arg('stage', () => RuleStageEnum) stage: RuleStage): RuleFactType[] {
    return Object.entries(RULE_FACTS[stage]).map(([name, { type, description }]) => ({ name, type, description }));
  }

  @Directive('@inaccessible')
  @Query(() => GraphQLJSONObject, {
    nullable: true,
    description:
      'The rules in force, for whoever evaluates them; null where they are still those of the version `unless`.',
  })
  ruleSet(
    @Ctx() { viewer }: RequestContext,
    @Arg('unless', () => Float, { nullable: true }) unless?: number | null,
  ): Promise<RuleBookPage | null> {
    requireViewer(viewer);
    return this.reader.inForce(unless ?? null);
  }

  @FieldResolver(() => RuleVersionConnection, { description: 'What it has said, newest first.' })
  versions(
    @Root() { id }: RuleType,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
  ): Promise<Page<RuleVersionConnection['nodes'][number]>> {
    return this.reader.listVersions(id, { first, after }, presentVersion);
  }
}
