import type { Database } from '#core/database/database';
import type { ModelPart, ModelTurn } from '#core/model/model.port';
import type { Viewer } from '#core/viewer';
import type { ContextSummary, Message, Run } from '#prisma/generated/client';
import { turnTokens } from '../orchestration/token-estimate.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { rolledBackRuns } from '../rollback/rolled-back.ts';
import { asShown, shownTexts } from '../rule/shown-text.ts';
import { filesOf, type Line } from '../run/transcript.ts';
import { isPersonal, type ShownStep } from '../tool/memory/personal-memory.ts';
import { exchangeStepOf, ownExchange } from './own-exchange.ts';

/** What is read of a room that nobody has folded: more than a model is sent. */
const MAX_MESSAGES = 1_000;
/** Of so many of its newest answers an agent is shown how it came to them. */
const RECENT_ANSWERS = 10;

/** A message of the room, with its place. */
export interface HistoryLine extends Line {
  id: string;
  position: bigint;
  createdAt: Date;
  tokens: number;
  /** It was written before the message that is answered: everybody who answers later is shown it as well. */
  foldable: boolean;
}

/** What a room looks like to one of its agents. */
export interface History {
  summary: ContextSummary | null;
  /** What the summary does not stand for, the oldest first. */
  lines: HistoryLine[];
  /** The runs that were taken back: what they wrote is not among the lines. */
  rolledBack: string[];
}

/** For whom and what a room is read. */
export interface RoomReading extends Pick<Run, 'orgId' | 'conversationId' | 'startedById'> {
  /** The message that is answered; null where none is, in a live session. */
  triggerMessageId: string | null;
}

/** Reads what was said in a room. */
export class RoomHistory {
  private trigger: Promise<{ text: string; position: bigint } | null> | null = null;

  constructor(
    private readonly reading: RoomReading,
    private readonly viewer: Viewer,
    private readonly database: Database,
    private readonly directory: PeerDirectory,
  ) {}

  /** The message that is answered; null where it was deleted. */
  answered(): Promise<{ text: string; position: bigint } | null> {
    const { triggerMessageId: id } = this.reading;
    this.trigger ??= id ? this.shown(id) : Promise.resolve(null);
    return this.trigger;
  }

  private async shown(id: string): Promise<{ text: string; position: bigint } | null> {
    const [row, shown] = await Promise.all([
      this.database.scoped.message.findFirst({ where: { id }, select: { id: true, text: true, position: true } }),
      shownTexts(this.database, [id]),
    ]);
    return row && { position: row.position, text: asShown([row], shown)[0]?.text ?? '' };
  }

  /**
   * What was said up to the message that is answered, the answers to those before it, and what the agents of this run have
   * said since.
   */
  async read(agentId: string): Promise<History> {
    const { conversationId } = this.reading;
    const trigger = await this.answered();
    const summary = await this.summaryBefore(agentId, trigger?.position ?? null);
    const rows = await this.database.scoped.message.findMany({
      where: {
        conversationId,
        isShown: true,
        status: { not: 'STREAMING' },
        ...(summary && { position: { gt: summary.upToPosition } }),
      },
      orderBy: { position: 'desc' },
      take: MAX_MESSAGES,
    });
    const rolledBack = await rolledBackRuns(this.database, rows);
    const said = rows.filter(
      (row) =>
        !rolledBack.has(row.runId ?? '') &&
        (!trigger || row.authorKind === 'AGENT' || row.position <= trigger.position),
    );
    said.reverse();
    const shown = await shownTexts(
      this.database,
      said.filter((row) => row.authorKind === 'USER').map(({ id }) => id),
    );
    const exchanges = await this.exchanges(said, agentId);
    const lines = asShown(said, shown).map((row): HistoryLine => {
      const exchange = exchanges.get(row.id);
      return {
        id: row.id,
        position: row.position,
        createdAt: row.createdAt,
        authorKind: row.authorKind,
        authorId: row.authorId,
        text: row.text,
        parts: row.parts,
        ...(exchange && { exchange }),
        tokens: exchange ? exchange.reduce((sum, turn) => sum + turnTokens(turn), 0) : tokensOf(row),
        foldable: trigger !== null && row.position < trigger.position,
      };
    });
    return { summary, lines, rolledBack: [...rolledBack] };
  }

  /**
   * The newest summary that stands for what the room shows: of other versions of its messages, and of answers that were
   * taken back, there may be others.
   */
  private async summaryBefore(agentId: string, position: bigint | null): Promise<ContextSummary | null> {
    const { orgId, conversationId } = this.reading;
    const [found] = await this.database.scoped.$queryRaw<{ id: string }[]>`
      SELECT s.id::text FROM context_summaries s
      WHERE s.org_id = ${orgId}::uuid AND s.conversation_id = ${conversationId}::uuid AND s.agent_id = ${agentId}::uuid
        AND (${position === null ? null : String(position)}::bigint IS NULL
             OR s.up_to_position < ${position === null ? null : String(position)}::bigint)
        AND s.fingerprint = parley_room_fingerprint(s.org_id, s.conversation_id, s.up_to_position)
      ORDER BY s.up_to_position DESC LIMIT 1`;
    return found ? this.database.scoped.contextSummary.findFirst({ where: { id: found.id } }) : null;
  }

  /** Tells one state of what the room shows up to a place from every other. */
  async fingerprint(position: bigint): Promise<string> {
    const { orgId, conversationId } = this.reading;
    const [row] = await this.database.scoped.$queryRaw<{ fingerprint: string }[]>`
      SELECT parley_room_fingerprint(${orgId}::uuid, ${conversationId}::uuid, ${String(position)}::bigint) AS fingerprint`;
    return row?.fingerprint ?? '';
  }

  /** The names of all speakers but the agent itself, by id. */
  async names(lines: readonly Line[], agentId: string): Promise<Map<string, string>> {
    const idsOf = (kind: Message['authorKind']) => [
      ...new Set(
        lines.filter((line) => line.authorKind === kind && line.authorId !== agentId).map((line) => line.authorId),
      ),
    ];
    const { viewer, directory } = this;
    const named = await Promise.all([
      directory.users(viewer, idsOf('USER')),
      directory.agentNames(viewer, idsOf('AGENT')),
    ]);
    return new Map(named.flat().map(({ id, name }) => [id, name]));
  }

  /** How the agent came to its newest answers, by the message that each of them is. */
  private async exchanges(rows: readonly Message[], agentId: string): Promise<Map<string, ModelTurn[]>> {
    const own = rows.filter((row) => row.authorId === agentId && row.runId !== null).slice(-RECENT_ANSWERS);
    if (own.length === 0) return new Map();
    const runId = { in: own.map((row) => row.runId as string) };
    // Whoever spoke in turn did it below a step of its own.
    const turns = await this.database.scoped.step.findMany({
      where: { runId, messageId: { in: own.map(({ id }) => id) } },
      select: { id: true, key: true, messageId: true },
    });
    const steps = await this.database.scoped.step.findMany({
      where: {
        runId,
        agentId,
        AND: { OR: [{ parentId: null }, { parentId: { in: turns.map(({ id }) => id) } }] },
        OR: [
          { kind: 'MODEL', state: 'SUCCEEDED' },
          { kind: 'TOOL', state: { in: ['SUCCEEDED', 'FAILED'] } },
        ],
      },
      select: {
        runId: true,
        parentId: true,
        key: true,
        kind: true,
        name: true,
        input: true,
        output: true,
        error: true,
      },
    });
    const others = await this.runsOfOthers(own.map((row) => row.runId as string));
    return new Map(
      own.flatMap((row) => {
        const turn = turns.find(({ messageId }) => messageId === row.id);
        const of = steps.filter(({ runId, parentId }) => runId === row.runId && parentId === (turn?.id ?? null));
        // What it remembers of one person is not for the answer to another.
        if (others.has(row.runId ?? '') && of.some((step) => isPersonal(step as ShownStep))) return [];
        const exchange = ownExchange(
          of.map((step) => exchangeStepOf(step, turn?.key ?? null)),
          row.text,
        );
        return exchange ? [[row.id, exchange] as const] : [];
      }),
    );
  }

  private async runsOfOthers(ids: string[]): Promise<Set<string>> {
    const rows = await this.database.scoped.run.findMany({
      where: { id: { in: ids }, startedById: { not: this.reading.startedById } },
      select: { id: true },
    });
    return new Set(rows.map(({ id }) => id));
  }
}

/** Files are counted like pictures here: how large they are for a model shows when they are sent to it. */
const tokensOf = (row: Message): number => {
  const files = filesOf(row).map((): ModelPart => ({ type: 'image', mimeType: '', data: '' }));
  return turnTokens({ role: 'user', parts: [{ type: 'text', text: row.text }, ...files] });
};
