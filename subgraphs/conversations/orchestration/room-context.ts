import type { Database } from '#core/database/database';
import type { JsonValue, ToolDeclaration } from '#core/model/model.port';
import type { ToolSource } from '#core/tool/tool.port';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import { toReference } from '../attachment/file-reference.ts';
import type { ContextTurn } from '../context/fit-turns.ts';
import { foldHistory, SUMMARY_TOKENS, summaryTurn } from '../context/fold-history.ts';
import { planFold } from '../context/fold-plan.ts';
import { type History, RoomHistory } from '../context/room-history.ts';
import { speakersSection, systemText } from '../context/system-text.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { withNote } from '../rollback/rollback-note.ts';
import { sideEffectsOf } from '../rollback/side-effect.ts';
import { buildTranscript, speakersOf } from '../run/transcript.ts';
import { MAX_MEMORY_CHARACTERS, memorySection } from '../tool/memory/memory-prompt.ts';
import { type AgentLoad, lastChoices, loadsOf } from './node-load.ts';
import { LimitReached, StepFailure } from './run-signal.ts';
import { ASSUMED_OUTPUT_TOKENS } from './step-budget.ts';
import type { Visit } from './visit.ts';

/** The room of a run as its agents see it. */
export class RoomContext {
  private readonly history: RoomHistory;
  /** The agents for which something has been folded in this attempt, or is being folded. */
  private readonly folding = new Set<string>();
  private readonly withSeveral = new Set<string>();

  constructor(
    private readonly run: Run,
    private readonly viewer: Viewer,
    readonly database: Database,
    private readonly directory: PeerDirectory,
    readonly tools: ToolSource,
  ) {
    this.history = new RoomHistory(run, viewer, database, directory);
  }

  /** The text of the message that is answered; empty where it was deleted. */
  async triggerText(): Promise<string> {
    return (await this.history.answered())?.text ?? '';
  }

  /** What an agent's model is told as its system text: a section each for what it has to know, what it remembers included. */
  async system({ agent, input, scope }: Visit): Promise<string> {
    const isAmongSeveral =
      input.kind === 'ROOM' ? this.withSeveral.has(agent.id) : input.kind === 'TURNS' && input.isAmongSeveral;
    const place = { agentId: agent.id, conversationId: this.run.conversationId };
    const blocks = await scope.memory.read(this.viewer, place, { maxCharacters: MAX_MEMORY_CHARACTERS });
    return systemText([agent.instructions, memorySection(blocks), isAmongSeveral ? speakersSection(agent.name) : null]);
  }

  /**
   * What was said in the room, as the turns of a conversation with an agent: the summary of what is older first. Where that
   * fills what its model takes, the oldest is folded into the summary: beside the answer while there is room, before it
   * where there is none.
   */
  async turns(visit: Visit, tools: readonly ToolDeclaration[] = []): Promise<ContextTurn[]> {
    const { agent } = visit;
    let history = await this.history.read(agent.id);
    const folded = await this.makeRoom(visit, history, tools);
    if (folded) history = await this.history.read(agent.id);
    const { summary, lines } = history;
    const several = speakersOf(lines, agent.id) > 1;
    if (several) this.withSeveral.add(agent.id);
    const names = several ? await this.history.names(lines, agent.id) : new Map<string, string>();
    const options = { agentId: agent.id, names, maxCharacters: Number.POSITIVE_INFINITY, files: toReference };
    const taken = await sideEffectsOf(history.rolledBack, this.viewer, this);
    const turns = withNote(buildTranscript(lines, options), taken);
    return summary ? [summaryTurn(summary), ...turns] : turns;
  }

  /** @returns Whether the history is another now. */
  private async makeRoom(visit: Visit, history: History, tools: readonly ToolDeclaration[]): Promise<boolean> {
    const { agent, allowance, scope } = visit;
    if (this.folding.has(agent.id)) return false;
    const room = await scope.windows.roomFor(
      await scope.models.fullId(agent.model),
      { system: await this.system(visit), turns: [], tools: [...tools] },
      agent.maxOutputTokens ?? ASSUMED_OUTPUT_TOKENS,
      {
        tokens: history.lines.reduce((sum, { tokens }) => sum + tokens, history.summary?.tokens ?? 0),
        fileTokens: 0,
      },
    );
    const plan = planFold(history.lines, history.summary?.tokens ?? 0, room);
    // What an agent may take in all is for its answer first.
    if (!plan || allowance.tokensLeft() < 2 * room + 2 * SUMMARY_TOKENS) return false;
    this.folding.add(agent.id);
    const oldest = history.lines.slice(0, plan.count);
    const fingerprint = await this.history.fingerprint(oldest.at(-1)?.position ?? 0n);
    const names = await this.history.names(oldest, agent.id);
    const fold = (signal: AbortSignal) =>
      foldHistory({ ...visit, signal: AbortSignal.any([visit.signal, signal]) }, history, plan.count, {
        names,
        fingerprint,
      });
    if (!plan.urgent) {
      scope.asides.begin(fold);
      return false;
    }
    try {
      await fold(visit.signal);
      return true;
    } catch (error) {
      // Then the oldest turns are left out, with a note.
      if (error instanceof StepFailure || error instanceof LimitReached) return false;
      throw error;
    }
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

  /** How each of the agents is doing in the organization. */
  loads(agentIds: readonly string[]): Promise<Map<string, AgentLoad>> {
    return loadsOf(this.database, this.run.orgId, agentIds);
  }

  /** When a team has last chosen each of its nodes. */
  lastChoices(teamId: string): Promise<Map<string, number>> {
    return lastChoices(this.database, this.run.orgId, teamId);
  }

  /** What the last run of a team that came to its end has left, as far as the room shows it, for the next one. */
  async teamState(agentId: string): Promise<JsonValue> {
    const [last] = await this.database.scoped.$queryRaw<{ teamState: JsonValue }[]>`
      SELECT r.team_state AS "teamState" FROM runs r JOIN messages m ON m.id = r.reply_message_id AND m.is_shown
      WHERE r.org_id = ${this.run.orgId}::uuid AND r.conversation_id = ${this.run.conversationId}::uuid
        AND r.agent_id = ${agentId}::uuid AND r.id < ${this.run.id}::uuid AND r.rolled_back_at IS NULL
        AND r.team_state IS NOT NULL
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
