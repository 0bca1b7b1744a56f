import type { Dialect } from '#core/model/dialect.fixture';
import { sendMessage } from '#test/support/room-call';
import { isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { auditRoom } from '#test/support/stream-audit';

export interface StepAnswer {
  id: string;
  parentId: string | null;
  kind: string;
  name: string;
  state: string;
  attempt: number;
  depth: number;
  input: unknown;
  output: unknown;
  decision: { node?: string | null; by?: string; reasons?: string[] } | null;
  error: { code: string; message: string } | null;
  usage: { totalTokens: number } | null;
}

export interface TeamRun {
  state: string;
  attempt: number;
  waitingFor: string | null;
  error: { code: string; message: string; retryable: boolean } | null;
  steps: StepAnswer[];
  approvals: { id: string; state: string; subject: string; kind: string }[];
}

/** A room with a team in it, and somebody who follows it. */
export interface TeamRoom extends SeededRoom {
  reader: RoomReader;
}

export const DECIDE =
  'mutation ($input: DecideApprovalInput!) { decideApproval(input: $input) { approval { state } } }';

const RUN = `query ($id: ID!) {
  run(id: $id) {
    state attempt waitingFor error { code message retryable }
    approvals(first: 100) { nodes { id state subject kind } }
    steps(first: 100) { nodes {
      id parentId kind name state attempt depth input output decision error { code message } usage { totalTokens }
    } }
  }
}`;

/** A server, its owner, and agents whose models say what a test has written for them. */
export class TeamStage {
  private constructor(
    readonly test: TestServer,
    readonly model: ScriptedModel,
    readonly owner: Person,
  ) {}

  /** @param variables Environment variables beside those for the model. */
  static async open(variables: Record<string, string> = {}, dialect?: Dialect): Promise<TeamStage> {
    const model = await ScriptedModel.start(dialect);
    const test = await startTestServer({ ...model.variables, ...variables });
    return new TeamStage(test, model, await test.seed.owner('Olga'));
  }

  close(): Promise<void> {
    return this.model.stop();
  }

  /** What marks the calls of an agent's model: it is in its instructions, and nowhere else. */
  markOf(name: string): string {
    return `<${name}>`;
  }

  agent(name: string, input: Record<string, unknown> = {}): Promise<SeededAgent> {
    const instructions = `${this.markOf(name)} Be brief.`;
    return this.test.seed.agent(this.owner, { name, model: this.model.modelId, instructions, ...input });
  }

  /** A team over agents, whose nodes go by the agents' names in small letters. */
  team(name: string, members: SeededAgent[], flow: object, input: Record<string, unknown> = {}): Promise<SeededAgent> {
    const nodes = members.map((member) => ({ key: member.name.toLowerCase(), agentId: member.id }));
    return this.agent(name, { team: { nodes, ...flow }, ...input });
  }

  /** How the calls of an agent's model go, one after the other. */
  script(
    name: string,
    ...plays: Parameters<ScriptedModel['script']> extends [string, ...infer Plays] ? Plays : never
  ): void {
    this.model.script(this.markOf(name), ...plays);
  }

  /** How often the model of an agent was called. */
  countOf(name: string): number {
    return this.model.callsOf(this.markOf(name)).length;
  }

  /** What the model of an agent was sent with one of its calls, as JSON; the last one, where none is named. */
  told(name: string, call = -1): string {
    return JSON.stringify(this.model.callsOf(this.markOf(name)).at(call)?.body ?? null);
  }

  async enter(agent: SeededAgent, people: Person[] = []): Promise<TeamRoom> {
    const room = await this.test.seed.room(this.owner, { agents: [agent], people });
    return { ...room, reader: new RoomReader(this.owner.client, room.id, room.cursor) };
  }

  /** Ends the following of a room, and compares what was seen with the log. */
  async leave({ id, cursor, reader }: TeamRoom, retried: Record<string, number> = {}): Promise<void> {
    await reader.close();
    await auditRoom(this.test.pool(), id, reader.events, cursor, retried);
  }

  /** Sends a message and returns the id of its run. */
  async send(room: TeamRoom, text: string): Promise<string> {
    return (await sendMessage(this.owner.client, room.id, text)).run?.id ?? '';
  }

  /** Resolves once the run waits for a person, with what it looks like then. */
  async untilWaiting(room: TeamRoom, runId: string, times = 1): Promise<TeamRun> {
    const waits = (event: RoomEvent) => event.run?.id === runId && event.run.state === 'WAITING';
    await room.reader.until(() => room.reader.events.filter(waits).length >= times);
    return this.read(runId);
  }

  /** Decides, as the owner unless somebody else is given. */
  async decide(approvalId: string | undefined, decision: string, more: object = {}, client = this.owner.client) {
    const { decideApproval } = await client.request<{ decideApproval: { approval: { state: string } } }>(DECIDE, {
      input: { approvalId, decision, ...more },
    });
    return decideApproval.approval.state;
  }

  /** Sends a message and waits for the end of its run. */
  async ask(room: TeamRoom, text: string): Promise<{ run: TeamRun; text: string; id: string }> {
    const { run } = await sendMessage(this.owner.client, room.id, text);
    return this.untilEnded(room, run?.id ?? '');
  }

  async untilEnded(room: TeamRoom, runId: string): Promise<{ run: TeamRun; text: string; id: string }> {
    await room.reader.until((event) => isFinal(event) && event.run?.id === runId);
    return { run: await this.read(runId), text: lastReply(room.reader.events), id: runId };
  }

  async read(id: string): Promise<TeamRun> {
    const { run } = await this.owner.client.request<{
      run: Omit<TeamRun, 'steps' | 'approvals'> & {
        steps: { nodes: StepAnswer[] };
        approvals: { nodes: TeamRun['approvals'] };
      };
    }>(RUN, { id });
    return { ...run, steps: run.steps.nodes, approvals: run.approvals.nodes };
  }
}

/** The text of the run's own reply: its `MessageCompleted` comes right before the end of the run. */
const lastReply = (events: readonly RoomEvent[]): string =>
  events.filter(({ __typename }) => __typename === 'MessageCompleted').at(-1)?.message?.text ?? '';
