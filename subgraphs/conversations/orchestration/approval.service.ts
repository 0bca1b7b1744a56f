import { isDeepStrictEqual } from 'node:util';
import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { badInput, badInputs, conflict, forbidden, notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import type { JsonValue } from '#core/model/model.port';
import type { EventActor } from '#core/outbox/event';
import { toStorableJson } from '#core/storable-text';
import type { Streams } from '#core/stream/streams';
import { schemaProblems } from '#core/tool/json-schema';
import type { ToolSource } from '#core/tool/tool.port';
import { validate } from '#core/validate';
import { can, type Viewer } from '#core/viewer';
import { type Approval, Prisma } from '#prisma/generated/client';
import { nullIfNotFound, openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { snapshotRun } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { actorOf } from '../conversation-outbox.ts';
import { lockRoom } from '../room-lock.ts';
import type { RoomTurns } from '../room-turn.ts';
import { RUN_COLUMNS } from '../row.ts';
import type { RunService } from '../run.service.ts';
import { canDecide } from './approval.policy.ts';
import {
  ApprovalDecision,
  type ApprovalState,
  type DecideApprovalInput,
  decideApprovalSchema,
} from './approval.type.ts';
import { snapshotApproval } from './step-snapshot.ts';

export interface ApprovalFilter {
  state: ApprovalState | null;
  runId: string | null;
}

interface Verdict {
  state: 'APPROVED' | 'REJECTED';
  editedArguments: JsonValue;
  decidedById: string | null;
  reason: string | null;
}

/** What people decide before steps of runs go on. */
export class ApprovalService {
  constructor(
    private readonly database: Database,
    private readonly transactions: Transactions,
    private readonly streams: Streams,
    private readonly tools: ToolSource,
    private readonly runs: RunService,
    private readonly turns: RoomTurns,
  ) {}

  /** The approval, where the viewer may read its room; null elsewhere. */
  async find(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<Approval | null> {
    if (!isId(id)) return null;
    const row = await this.database.scoped.approval.findFirst({ where: { id } });
    if (!row) return null;
    const readable = await openRoom(viewer, row.conversationId, loaders).catch(nullIfNotFound);
    return readable && row;
  }

  /** The approvals of the rooms that the viewer may read, the oldest first. */
  async list<Node>(
    viewer: Viewer,
    { state, runId }: ApprovalFilter,
    args: PageArgs,
    present: (row: Approval) => Node,
  ): Promise<Page<Node>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'a' && id && isId(id) ? id : null) });
    const takesPart = { participants: { some: { kind: 'USER' as const, participantId: viewer.userId, leftAt: null } } };
    const where = {
      ...(state && { state }),
      ...(runId && { runId }),
      ...(!can(viewer, 'conversations:read_all') && { run: { conversation: takesPart } }),
    };
    const [order, side] = request.direction === 'forward' ? (['asc', 'gt'] as const) : (['desc', 'lt'] as const);
    const rows = await this.database.scoped.approval.findMany({
      where: { ...where, ...(request.cursor !== null && { id: { [side]: request.cursor } }) },
      orderBy: { id: order },
      take: request.limit + 1,
    });
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor('a', row.id),
      present,
      totalCount: () => this.database.scoped.approval.count({ where }),
    });
  }

  /**
   * Decides. The run goes on from there; deciding twice does nothing twice.
   * @throws ParleyError `CONFLICT` where it was decided otherwise, or its run has ended
   */
  async decide(viewer: Viewer, input: DecideApprovalInput, loaders: ConversationLoaders): Promise<Approval> {
    const { approvalId, decision, reason, ...edit } = validate(decideApprovalSchema, input);
    const row = await this.find(viewer, approvalId, loaders);
    if (!row) throw notFound('approval');
    const { facts } = await openRoom(viewer, row.conversationId, loaders);
    if (!canDecide(viewer, facts, row.requiredRole)) throw forbidden(refusalOf(row));
    const edited = edit.arguments ? toStorableJson(edit.arguments as JsonValue) : null;
    await this.checkArguments(viewer, row, decision, edited);
    const verdict: Verdict = {
      state: decision === ApprovalDecision.REJECT ? 'REJECTED' : 'APPROVED',
      editedArguments: edited,
      decidedById: viewer.userId,
      reason: reason || null,
    };
    return this.turns.take(row.conversationId, () =>
      this.transactions.scoped((unit) => this.settle(unit, row, verdict, actorOf(viewer))),
    );
  }

  /** Decides as it was said that it would be if nobody did. Inside the organization of the approval. */
  async expire(id: string): Promise<void> {
    const row = await this.database.scoped.approval.findFirst({ where: { id, state: 'PENDING' } });
    if (!row) return;
    const verdict: Verdict = {
      state: row.onExpiry === 'APPROVED' ? 'APPROVED' : 'REJECTED',
      editedArguments: null,
      decidedById: null,
      reason: null,
    };
    await this.turns.take(row.conversationId, () =>
      this.transactions.scoped(async (unit) => {
        const now = await unit.tx.approval.findFirst({ where: { id, state: 'PENDING' } });
        if (now) await this.settle(unit, row, verdict);
      }),
    );
  }

  private async settle(unit: ScopedUnit, row: Approval, verdict: Verdict, actor?: EventActor): Promise<Approval> {
    const { tx } = unit;
    await lockRoom(tx, row.conversationId);
    const now = await tx.approval.findFirst({ where: { id: row.id } });
    if (!now) throw notFound('approval');
    if (now.state !== 'PENDING') {
      if (isSame(now, verdict)) return now;
      throw conflict(`It was decided before: it is ${now.state}.`);
    }
    const data = { ...verdict, editedArguments: verdict.editedArguments ?? Prisma.DbNull, decidedAt: new Date() };
    await tx.approval.updateMany({ where: { id: row.id, state: 'PENDING' }, data: data as never });
    const decided = { ...now, ...verdict, decidedAt: data.decidedAt } as Approval;
    await unit.emit({
      id: newId(),
      orgId: row.orgId,
      type: 'approval.decided',
      payload: {
        approvalId: row.id,
        conversationId: row.conversationId,
        runId: row.runId,
        state: verdict.state,
        edited: verdict.editedArguments !== null,
      },
      ...(actor && { actor }),
    });
    const room = { id: row.conversationId, orgId: row.orgId };
    const [resumed] = await tx.$queryRawUnsafe<Parameters<typeof snapshotRun>[0][]>(RESUME, row.runId);
    const events = await this.streams.appendIn(tx, [
      eventOf(room, 'ApprovalDecided', { approval: snapshotApproval(decided) }),
      ...(resumed ? [eventOf(room, 'RunStateChanged', { run: snapshotRun(resumed) })] : []),
    ]);
    unit.afterCommit(() => {
      this.streams.publish(room.id, events);
      if (resumed) this.runs.dispatch(resumed);
    });
    return decided;
  }

  private async checkArguments(
    viewer: Viewer,
    row: Approval,
    decision: ApprovalDecision,
    edited: JsonValue,
  ): Promise<void> {
    if (row.kind === 'CHOICE' && decision !== ApprovalDecision.REJECT) {
      const { choices } = row.arguments as { choices: string[] };
      const node = (edited as { node?: unknown } | null)?.node;
      if (!choices.includes(node as string)) {
        throw badInput('input.arguments', `EDIT them to {"node": KEY} with one of ${choices.join(', ')}.`);
      }
    }
    if (edited === null) return;
    if (row.kind === 'LIMIT')
      throw badInput(
        'input.arguments',
        'A limit is raised by as much again or not at all: it has no arguments to edit.',
      );
    if (row.kind !== 'TOOL_CALL') return;
    const [tool] = await this.tools.find([row.subject], viewer);
    const problems = tool ? schemaProblems(tool.parameters, edited) : [];
    if (problems.length > 0) throw badInputs(problems.map((message) => ({ path: 'input.arguments', message })));
  }
}

/** A worker that still has the run finds the decision when it would pause. */
const RESUME = `
  UPDATE runs SET state = 'QUEUED', resuming = true, waiting_for = NULL, queued_at = clock_timestamp()
  WHERE id = $1::uuid AND state = 'WAITING' RETURNING ${RUN_COLUMNS}`;

const isSame = (row: Approval, verdict: Verdict): boolean =>
  row.state === verdict.state &&
  row.decidedById === verdict.decidedById &&
  isDeepStrictEqual(row.editedArguments, verdict.editedArguments);

const refusalOf = ({ requiredRole }: Approval): string =>
  requiredRole
    ? `This needs the permission runs:approve, a part in the conversation, and the role ${requiredRole}.`
    : 'This needs the permission runs:approve and a part in the conversation.';
