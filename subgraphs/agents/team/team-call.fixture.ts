import type { AnswerError, TestClient } from '#test/support/client';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

export interface Problem {
  severity: string;
  path: string;
  message: string;
}

/** Everything of a team, as a client reads it back. */
export const TEAM = `nodes { key agentId version description agent { name status } } flow {
  __typename pattern
  ... on SequentialTeam { steps { node input mapping onError defaultValue fallbackNode } }
  ... on HandoffTeam { start edges { from to description } history returns }
  ... on ParallelTeam { branches { node mapping } join joinCount merge mergeNode onFailure branchRetries }
  ... on RouterTeam {
    classify threshold defaultNode selection groups { nodes { node priority weight capacity } } routerRules: rules { condition node }
  }
  ... on LoopTeam { body judge criteria maxIterations }
  ... on GroupChatTeam { speaker maxRounds chatRules: rules { condition node } }
}`;

/** The nodes of a team, each by its key. */
export const nodesOf = (members: Record<string, string>) =>
  Object.entries(members).map(([key, agentId]) => ({ key, agentId }));

/** Somebody who makes agents and teams. */
export class TeamMaker {
  private constructor(
    readonly test: TestServer,
    readonly owner: Person,
    readonly client: TestClient,
  ) {}

  static async open(): Promise<TeamMaker> {
    const test = await startTestServer();
    const owner = await test.seed.owner();
    return new TeamMaker(test, owner, owner.client);
  }

  as({ client }: Person): TeamMaker {
    return new TeamMaker(this.test, this.owner, client);
  }

  /** The id of a new agent, published unless told otherwise. */
  async agent(name: string, input: object = {}): Promise<string> {
    return (await this.create(name, input)).agent.id;
  }

  async create(name: string, input: object = {}) {
    const { createAgent } = await this.client.request<{
      createAgent: { agent: { id: string }; published: boolean; reason: string | null };
    }>('mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } published reason } }', {
      input: { name, instructions: 'Be brief.', ...input },
    });
    return createAgent;
  }

  /** A new team whose nodes work one after the other. */
  team(name: string, members: Record<string, string>, input: object = {}): Promise<string> {
    return this.agent(name, { team: { nodes: nodesOf(members), sequential: {} }, ...input });
  }

  update(agentId: string, input: object): Promise<unknown> {
    return this.client.request(UPDATE, { input: { agentId, ...input } });
  }

  /** Makes the team of a draft anew. */
  regroup(agentId: string, members: Record<string, string>): Promise<unknown> {
    return this.update(agentId, { team: { nodes: nodesOf(members), sequential: {} } });
  }

  refusedUpdate(agentId: string, input: object): Promise<AnswerError> {
    return this.client.refusal(UPDATE, { input: { agentId, ...input } });
  }

  publish(agentId: string): Promise<unknown> {
    return this.client.request(PUBLISH, { input: { agentId } });
  }

  refusedPublish(agentId: string): Promise<AnswerError> {
    return this.client.refusal(PUBLISH, { input: { agentId } });
  }

  rollBack(agentId: string, toVersion: number) {
    return this.client.send(ROLL_BACK, { input: { agentId, toVersion } });
  }

  archive(agentId: string, more: object = {}): Promise<unknown> {
    return this.client.request(ARCHIVE, { input: { agentId, ...more } });
  }

  refusedArchive(agentId: string): Promise<AnswerError> {
    return this.client.refusal(ARCHIVE, { input: { agentId } });
  }

  async problems(id: string): Promise<Problem[]> {
    const { agent } = await this.client.request<{ agent: { draft: { problems: Problem[] } } }>(
      'query ($id: ID!) { agent(id: $id) { draft { problems { severity path message } } } }',
      { id },
    );
    return agent.draft.problems;
  }

  async usedBy(id: string, args = ''): Promise<string[]> {
    const { agent } = await this.client.request<{ agent: { usedBy: { nodes: { name: string }[] } } }>(
      `query ($id: ID!) { agent(id: $id) { usedBy${args} { nodes { name } } } }`,
      { id },
    );
    return agent.usedBy.nodes.map(({ name }) => name);
  }

  async diff(id: string, from: number | null, to: number | null): Promise<{ path: string; kind: string }[]> {
    const { agentVersionDiff } = await this.client.request<{
      agentVersionDiff: { changes: { path: string; kind: string }[] };
    }>(
      'query ($id: ID!, $from: Int, $to: Int) { agentVersionDiff(agentId: $id, from: $from, to: $to) { changes { path kind } } }',
      { id, from, to },
    );
    return agentVersionDiff.changes;
  }
}

const UPDATE = 'mutation ($input: UpdateAgentDraftInput!) { updateAgentDraft(input: $input) { agent { id } } }';
const PUBLISH = 'mutation ($input: PublishAgentInput!) { publishAgent(input: $input) { version { number } } }';
const ROLL_BACK = 'mutation ($input: RollBackAgentInput!) { rollBackAgent(input: $input) { version { number } } }';
const ARCHIVE = 'mutation ($input: ArchiveAgentInput!) { archiveAgent(input: $input) { agent { status } } }';
