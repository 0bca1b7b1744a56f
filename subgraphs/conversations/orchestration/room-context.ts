import type { Database } from '#core/database/database';
import type { JsonValue, ModelTurn } from '#core/model/model.port';
import type { ToolSource } from '#core/tool/tool.port';
import type { Viewer } from '#core/viewer';
import type { Message, Run } from '#prisma/generated/client';
import { toReference } from '../attachment/file-reference.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { withNote } from '../rollback/rollback-note.ts';
import { rolledBackRuns } from '../rollback/rolled-back.ts';
import { sideEffectsOf } from '../rollback/side-effect.ts';
import { buildTranscript } from '../run/transcript.ts';

/** How much of the history goes to the model, in characters and in messages: about 50,000 tokens. */
const MAX_HISTORY_CHARACTERS = 200_000;
const MAX_HISTORY_MESSAGES = 400;

/** The room of a run as its agents see it. */
export class RoomContext {
  private trigger: Promise<string> | null = null;

  constructor(
    private readonly run: Run,
    private readonly viewer: Viewer,
    readonly database: Database,
    private readonly directory: PeerDirectory,
    readonly tools: ToolSource,
  ) {}

  /** The text of the message that is answered; empty where it was deleted. */
  triggerText(): Promise<string> {
    this.trigger ??= this.database.scoped.message
      .findFirst({ where: { id: this.run.triggerMessageId }, select: { text: true } })
      .then((row) => row?.text ?? '');
    return this.trigger;
  }

  /**
   * What was said up to the message that is answered, the answers to those before it, and what the agents of this run
   * have said since, as the turns of a conversation with `agentId`.
   */
  async turns(agentId: string): Promise<ModelTurn[]> {
    const rows = await this.database.scoped.message.findMany({
      where: { conversationId: this.run.conversationId, isShown: true, status: { not: 'STREAMING' } },
      orderBy: { position: 'desc' },
      take: MAX_HISTORY_MESSAGES,
    });
    const trigger = rows.find((row) => row.id === this.run.triggerMessageId);
    const rolledBack = await rolledBackRuns(this.database, rows);
    const said = rows.filter(
      (row) =>
        !rolledBack.has(row.runId ?? '') &&
        (!trigger || row.authorKind === 'AGENT' || row.position <= trigger.position),
    );
    const names = await this.names(said, agentId);
    const options = { agentId, names, maxCharacters: MAX_HISTORY_CHARACTERS, files: toReference };
    const turns = buildTranscript(said.reverse(), options);
    return withNote(turns, await sideEffectsOf([...rolledBack], this.viewer, this));
  }

  /** The names of all speakers but the agent itself. With one other speaker there is nobody to be confused with. */
  private async names(rows: Message[], agentId: string): Promise<Map<string, string>> {
    const idsOf = (kind: Message['authorKind']) => [
      ...new Set(rows.filter((row) => row.authorKind === kind && row.authorId !== agentId).map((row) => row.authorId)),
    ];
    const [users, agents] = [idsOf('USER'), idsOf('AGENT')];
    if (users.length + agents.length < 2) return new Map<string, string>();
    const { viewer, directory } = this;
    const named = await Promise.all([directory.users(viewer, users), directory.agentNames(viewer, agents)]);
    return new Map(named.flat().map(({ id, name }) => [id, name]));
  }

  /** What a router's rules may ask about the room. */
  async facts(): Promise<{ author: string; room: string }> {
    const { run, viewer } = this;
    const [[author], room] = await Promise.all([
      this.directory.users(viewer, [run.startedById]),
      this.database.scoped.conversation.findFirst({ where: { id: run.conversationId }, select: { title: true } }),
    ]);
    return { author: author?.name ?? '', room: room?.title ?? '' };
  }

  /** How much each of the agents has under way in the organization, and how often it has worked for a team. */
  async loads(agentIds: string[]): Promise<Map<string, { running: number; served: number }>> {
    const rows = await this.database.scoped.$queryRaw<{ id: string; running: number; served: number }[]>`
      SELECT agent_id::text AS id, count(*) FILTER (WHERE state = 'RUNNING')::int AS running, count(*)::int AS served
      FROM steps WHERE org_id = ${this.run.orgId}::uuid AND kind = 'AGENT' AND agent_id = ANY(${agentIds}::uuid[])
      GROUP BY agent_id`;
    return new Map(rows.map(({ id, running, served }) => [id, { running, served }]));
  }

  /** What the last run of a team has left, as far as the room shows it, for the next one. */
  async teamState(agentId: string): Promise<JsonValue> {
    const [last] = await this.database.scoped.$queryRaw<{ teamState: JsonValue }[]>`
      SELECT r.team_state AS "teamState" FROM runs r JOIN messages m ON m.id = r.reply_message_id AND m.is_shown
      WHERE r.org_id = ${this.run.orgId}::uuid AND r.conversation_id = ${this.run.conversationId}::uuid
        AND r.agent_id = ${agentId}::uuid AND r.id < ${this.run.id}::uuid AND r.rolled_back_at IS NULL
      ORDER BY r.id DESC LIMIT 1`;
    return last?.teamState ?? null;
  }

  /** Whether a person has written since the run began: another run waits behind it. */
  async hasBeenInterrupted(): Promise<boolean> {
    const { conversationId, id } = this.run;
    const waiting = await this.database.scoped.run.findFirst({
      where: { conversationId, state: 'QUEUED', id: { gt: id } },
      select: { id: true },
    });
    return waiting !== null;
  }
}
