import { Arg, Ctx, FieldResolver, Float, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { TeamDefinition } from '#core/agent/team-definition';
import { DEFAULT_PAGE_SIZE, type Page } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { AgentFilterInput } from './agent.input.ts';
import type { AgentLoadersOf } from './agent.loaders.ts';
import { presentAgent, presentVersion } from './agent.presenter.ts';
import { AgentConnection, AgentType, AgentVersionConnection, AgentVersionType } from './agent.type.ts';
import { AgentVersionDiffType } from './agent-diff.type.ts';
import type { AgentReader } from './agent-reader.ts';
import { AgentTeamType } from './team/team.type.ts';

const AFTER = 'The cursor after which to begin.';

@Resolver(() => AgentType)
export class AgentResolver {
  constructor(
    private readonly reader: AgentReader,
    private readonly loaders: AgentLoadersOf,
  ) {}

  @Query(() => AgentConnection, { description: 'The agents of the organization, newest first.' })
  agents(
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
    @Arg('filter', () => AgentFilterInput, { nullable: true }) filter?: AgentFilterInput | null,
  ): Promise<Page<AgentType>> {
    return this.reader.list(requireViewer(context.viewer), { first, after }, filter, presentAgent);
  }

  @Query(() => AgentType, {
    nullable: true,
    description: 'One agent, archived or not. Null and NOT_FOUND where you may not see it.',
  })
  async agent(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<AgentType> {
    return presentAgent(await this.reader.find(requireViewer(context.viewer), this.loaders(context), id));
  }

  @Query(() => AgentVersionDiffType, { description: 'What leads from one version of an agent to another.' })
  async agentVersionDiff(
    @Ctx() context: RequestContext,
    @Arg('agentId', () => ID) agentId: string,
    @Arg('from', () => Int, { nullable: true, description: 'The number of a version; left out for the draft.' })
    from: number | null = null,
    @Arg('to', () => Int, { nullable: true, description: 'The number of a version; left out for the draft.' })
    to: number | null = null,
  ): Promise<AgentVersionDiffType> {
    const loaders = this.loaders(context);
    const agent = await this.reader.find(requireViewer(context.viewer), loaders, agentId);
    return { from, to, changes: await this.reader.diff(loaders, agent, from, to) };
  }

  @FieldResolver(() => String)
  async instructions(@Root() { row }: AgentType, @Ctx() context: RequestContext): Promise<string> {
    return (await this.reader.currentContent(this.loaders(context), row)).definition.instructions;
  }

  @FieldResolver(() => String, { nullable: true })
  async model(@Root() { row }: AgentType, @Ctx() context: RequestContext): Promise<string | null> {
    return (await this.reader.currentContent(this.loaders(context), row)).definition.model;
  }

  @FieldResolver(() => Float, { nullable: true })
  async temperature(@Root() { row }: AgentType, @Ctx() context: RequestContext): Promise<number | null> {
    return (await this.reader.currentContent(this.loaders(context), row)).definition.temperature;
  }

  @FieldResolver(() => AgentTeamType, { nullable: true })
  async team(@Root() { row }: AgentType, @Ctx() context: RequestContext): Promise<TeamDefinition | null> {
    return (await this.reader.currentContent(this.loaders(context), row)).definition.team;
  }

  @FieldResolver(() => AgentConnection, {
    description: 'The teams in use that hold it, in what they answer with or in their drafts, newest first.',
  })
  usedBy(
    @Root() { id }: AgentType,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
  ): Promise<Page<AgentType>> {
    return this.reader.listTeams(this.loaders(context), id, { first, after }, presentAgent);
  }

  @FieldResolver(() => AgentVersionType, { nullable: true })
  async publishedVersion(@Root() { row }: AgentType, @Ctx() context: RequestContext): Promise<AgentVersionType | null> {
    const version = await this.reader.publishedVersion(this.loaders(context), row);
    return version && presentVersion(version);
  }

  @FieldResolver(() => AgentVersionType, { nullable: true, description: 'One version; null where there is none.' })
  async version(
    @Root() { id }: AgentType,
    @Ctx() context: RequestContext,
    @Arg('number', () => Int) number: number,
  ): Promise<AgentVersionType | null> {
    const version = await this.reader.findVersion(this.loaders(context), id, number);
    return version && presentVersion(version);
  }

  @FieldResolver(() => AgentVersionConnection, { description: 'What was published, newest first.' })
  versions(
    @Root() { id }: AgentType,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
  ): Promise<Page<AgentVersionType>> {
    return this.reader.listVersions(this.loaders(context), id, { first, after }, presentVersion);
  }
}
