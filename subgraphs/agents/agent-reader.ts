import type { Database } from '#core/database/database';
import { badInput, notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import { requirePermission, type Viewer } from '#core/viewer';
import type { AgentLoaders } from './agent.loaders.ts';
import { belongsTo, canAnswer, canSee, isInUse } from './agent.policy.ts';
import type { AgentContent, AgentDefinition } from './agent-definition.ts';
import { type AgentChange, type DiffTime, diffContent, diffTime, isSameContent } from './agent-diff.ts';
import { agentFilter, isBelow, parseAgentCursor, toWhere } from './agent-filter.ts';
import { type AgentRow, type AgentVersionRow, contentOf, draftOf } from './agent-row.ts';

/** More agents at once than any conversation or team has. */
export const MAX_BATCH = 500;

/** The definition of an agent that is about to run, with the version that it is from. */
export interface RunnableAgent {
  agent: AgentRow;
  version: AgentVersionRow;
  definition: AgentDefinition;
}

/** Reads agents on behalf of a viewer. What belongs to another organization does not exist. */
export class AgentReader {
  /** Of each request, by its loaders. */
  private readonly diffTimes = new WeakMap<AgentLoaders, DiffTime>();

  constructor(private readonly database: Pick<Database, 'scoped'>) {}

  /** @throws ParleyError `NOT_FOUND` */
  async find(viewer: Viewer, loaders: AgentLoaders, id: string): Promise<AgentRow> {
    const agent = await this.findReferenced(viewer, loaders, id);
    if (!agent || !canSee(viewer, agent)) throw notFound('agent');
    return agent;
  }

  /** An agent that somebody refers to, archived ones too: old messages keep their author. */
  async findReferenced(viewer: Viewer | null, loaders: AgentLoaders, id: string): Promise<AgentRow | null> {
    if (!viewer || !isId(id)) return null;
    const agent = await loaders.agent.load(id);
    return agent && belongsTo(viewer, agent) ? agent : null;
  }

  /** In the order of `ids`; null where there is none, where it is archived, or where it cannot answer but should. */
  async findInUse(
    viewer: Viewer,
    loaders: AgentLoaders,
    ids: string[],
    { thatAnswer }: { thatAnswer: boolean },
  ): Promise<(AgentRow | null)[]> {
    if (ids.length > MAX_BATCH) throw badInput('ids', `It must have at most ${MAX_BATCH} ids.`);
    const agents = await Promise.all(ids.map((id) => this.findReferenced(viewer, loaders, id)));
    const isWanted = thatAnswer ? canAnswer : isInUse;
    return agents.map((agent) => (agent && isWanted(agent) ? agent : null));
  }

  /** Newest first. */
  async list<Node>(
    viewer: Viewer,
    args: PageArgs,
    filter: unknown,
    present: (agent: AgentRow) => Node,
  ): Promise<Page<Node>> {
    requirePermission(viewer, 'agents:read');
    const page = readPage(args, { parse: parseAgentCursor });
    const matching = toWhere(validate(agentFilter, filter ?? {}, 'filter'));
    const rows = await this.database.scoped.agent.findMany({
      where: { AND: [matching, page.cursor ? isBelow(page.cursor) : {}] },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: page.limit + 1,
    });
    return toPage(page, rows, {
      cursorOf: (row) => encodeCursor(row.createdAt, row.id),
      present,
      totalCount: () => this.database.scoped.agent.count({ where: matching }),
    });
  }

  /** Newest first. */
  async listVersions<Node>(
    loaders: AgentLoaders,
    agentId: string,
    args: PageArgs,
    present: (version: AgentVersionRow) => Node,
  ): Promise<Page<Node>> {
    const page = readPage(args, { parse: parseVersionCursor });
    const rows = await loaders.versionPage.load({ agentId, below: page.cursor, limit: page.limit + 1 });
    return toPage(page, rows, {
      cursorOf: (row) => encodeCursor(row.number),
      present,
      totalCount: () => loaders.versionCount.load(agentId),
    });
  }

  /** The teams in use that hold an agent, newest first. */
  async listTeams<Node>(
    loaders: AgentLoaders,
    memberId: string,
    args: PageArgs,
    present: (team: AgentRow) => Node,
  ): Promise<Page<Node>> {
    const page = readPage(args, { parse: parseAgentCursor });
    const rows = await loaders.teamPage.load({ memberId, below: page.cursor, limit: page.limit + 1 });
    return toPage(page, rows, {
      cursorOf: (row) => encodeCursor(row.createdAt, row.id),
      present,
      totalCount: () => loaders.teamCount.load(memberId),
    });
  }

  async findVersion(loaders: AgentLoaders, agentId: string, number: number): Promise<AgentVersionRow | null> {
    return loaders.numberedVersion.load({ agentId, number });
  }

  async publishedVersion(loaders: AgentLoaders, agent: AgentRow): Promise<AgentVersionRow | null> {
    return agent.publishedVersionId ? loaders.version.load(agent.publishedVersionId) : null;
  }

  /** What answers; as long as nothing is published, what the draft says. */
  async currentContent(loaders: AgentLoaders, agent: AgentRow): Promise<AgentContent> {
    const version = await this.publishedVersion(loaders, agent);
    return version ? contentOf(version) : draftOf(agent);
  }

  async hasUnpublishedChanges(loaders: AgentLoaders, agent: AgentRow): Promise<boolean> {
    const version = await this.publishedVersion(loaders, agent);
    return version === null || !isSameContent(draftOf(agent), contentOf(version));
  }

  /** What leads from one version to another. A null stands for the draft. @throws ParleyError `NOT_FOUND` */
  async diff(loaders: AgentLoaders, agent: AgentRow, from: number | null, to: number | null): Promise<AgentChange[]> {
    const [before, after] = await Promise.all([
      this.contentAt(loaders, agent, from),
      this.contentAt(loaders, agent, to),
    ]);
    const time = this.diffTimes.get(loaders) ?? diffTime();
    this.diffTimes.set(loaders, time);
    return diffContent(before, after, time);
  }

  /** What the worker runs: the given version, or the published one. Null where the agent cannot answer. */
  async findRunnable(
    viewer: Viewer,
    loaders: AgentLoaders,
    id: string,
    number: number | null,
  ): Promise<RunnableAgent | null> {
    const agent = await this.findReferenced(viewer, loaders, id);
    if (!agent || !isInUse(agent)) return null;
    const version =
      number === null ? await this.publishedVersion(loaders, agent) : await this.findVersion(loaders, agent.id, number);
    return version && { agent, version, definition: contentOf(version).definition };
  }

  private async contentAt(loaders: AgentLoaders, agent: AgentRow, number: number | null): Promise<AgentContent> {
    if (number === null) return draftOf(agent);
    const version = await this.findVersion(loaders, agent.id, number);
    if (!version) throw notFound(`version ${number} of this agent`);
    return contentOf(version);
  }
}

const MAX_INT = 2_147_483_647;

function parseVersionCursor(content: string[]): number | null {
  const number = Number(content[0]);
  return content.length === 1 && Number.isInteger(number) && number > 0 && number <= MAX_INT ? number : null;
}
