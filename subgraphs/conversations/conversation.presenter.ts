import { encodeCursor } from '#core/graphql/pagination';
import type { StreamGapSignal } from '#core/stream/streams';
import type { Conversation, Message, Run } from '#prisma/generated/client';
import { type AttachmentLinks, addressesOf } from './attachment/attachment-link.ts';
import { type AttachmentValue, attachmentsOf } from './attachment/attachment-value.ts';
import type { ConversationLoaders } from './conversation.loaders.ts';
import type { ConversationEvent, MessageSnapshot, RunSnapshot } from './conversation-event.ts';
import type { MessagePartValue, MessageStatus } from './message.type.ts';
import { type ApprovalSnapshot, type StepSnapshot, snapshotStep } from './orchestration/step-snapshot.ts';
import { toParticipant } from './participant.type.ts';
import type { RunErrorType, RunState, RunWait, UsageType } from './run.type.ts';
import { presentTakeover } from './takeover/takeover-row.ts';
import { forOthers, isPersonal, type ShownStep } from './tool/memory/personal-memory.ts';

/** The cursor of an event: what `after` takes. */
export const eventCursor = (seq: number): string => encodeCursor('e', seq);

/** A row as the snapshot that events carry and presenters take. */
export const snapshotMessage = (row: Message): MessageSnapshot => ({
  id: row.id,
  authorKind: row.authorKind,
  authorId: row.authorId,
  status: row.status as MessageStatus,
  text: row.text,
  parts: row.parts as unknown as MessagePartValue[],
  runId: row.runId,
  createdAt: row.createdAt,
  completedAt: row.completedAt,
});

export const snapshotRun = (row: Run): RunSnapshot => ({
  id: row.id,
  agentId: row.agentId,
  agentVersion: row.agentVersion,
  state: row.state as RunState,
  attempt: row.attempt,
  waitingFor: row.waitingFor as RunWait | null,
  error: row.error as unknown as RunErrorType | null,
  usage: row.usage as unknown as UsageType | null,
  queuedAt: row.queuedAt,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
  rolledBackAt: row.rolledBackAt,
  rolledBackById: row.rolledBackById,
});

/**
 * Makes rows into what the schema shows. A reference costs nothing until one of its fields is asked for: then it is
 * loaded with the others of its kind.
 */
export class ConversationPresenter {
  constructor(
    private readonly loaders: ConversationLoaders,
    private readonly links: AttachmentLinks,
    /** For whom it is. */
    private readonly userId: string | null,
  ) {}

  conversation(row: Conversation) {
    return {
      ...this.conversationReference(row.id),
      title: row.title,
      createdAt: row.createdAt,
      lastActivityAt: row.lastActivityAt,
      tags: row.tags,
      priority: row.priority,
      endedAt: row.endedAt,
      endedWhy: row.endedWhy,
    };
  }

  /** A room of which only the id is known. */
  conversationReference(id: string) {
    const field =
      <Key extends keyof Conversation>(key: Key) =>
      async () =>
        (await this.loaders.conversation.load(id))[key];
    return {
      __typename: 'Conversation' as const,
      id,
      title: field('title') as unknown,
      createdAt: field('createdAt') as unknown,
      lastActivityAt: field('lastActivityAt') as unknown,
      tags: field('tags') as unknown,
      priority: field('priority') as unknown,
      endedAt: field('endedAt') as unknown,
      endedWhy: field('endedWhy') as unknown,
      participants: async () =>
        (await this.loaders.participants.load(id)).map((row) => toParticipant(row.kind, row.participantId)),
      cursor: async () => eventCursor(await this.loaders.head.load(id)),
    };
  }

  message(conversationId: string, message: MessageSnapshot) {
    return {
      __typename: 'Message' as const,
      id: message.id,
      conversation: this.conversationReference(conversationId),
      author: toParticipant(message.authorKind, message.authorId),
      text: message.text,
      parts: message.parts.map((part) =>
        'attachment' in part ? { ...part, attachment: this.attachment(part.attachment) } : part,
      ),
      attachments: attachmentsOf(message.parts).map((each) => this.attachment(each)),
      status: message.status,
      run: message.runId === null ? null : () => this.loadRun(message.runId as string),
      rolledBackAt:
        message.runId === null
          ? null
          : ((async () => (await this.loaders.run.load(message.runId as string)).rolledBackAt) as unknown),
      createdAt: message.createdAt,
      completedAt: message.completedAt,
    };
  }

  attachment(value: AttachmentValue) {
    return {
      __typename: 'Attachment' as const,
      ...value,
      ...addressesOf(value, this.links),
      createdAt: new Date(value.createdAt),
    };
  }

  run(run: RunSnapshot) {
    return { __typename: 'Run' as const, ...run, agent: { __typename: 'Agent' as const, id: run.agentId } };
  }

  step(step: StepSnapshot) {
    return {
      __typename: 'Step' as const,
      ...step,
      run: (() => this.loadRun(step.runId)) as unknown,
      agent: { __typename: 'Agent' as const, id: step.agentId },
      input: (async () => (await this.shown(step)).input) as unknown,
      output: (async () => (await this.shown(step)).output) as unknown,
      decision: (async () => (await this.loaders.step.load(step.id)).decision) as unknown,
    };
  }

  /** What a step was given and put out, as far as it is for the viewer. */
  private async shown({ id, runId }: StepSnapshot): Promise<Pick<ShownStep, 'input' | 'output'>> {
    const step = await this.loaders.step.load(id);
    if (!isPersonal(step)) return step;
    const run = await this.loaders.run.load(runId);
    return run.startedById === this.userId ? step : forOthers(step);
  }

  approval(conversationId: string, approval: ApprovalSnapshot) {
    return {
      __typename: 'Approval' as const,
      ...approval,
      conversation: this.conversationReference(conversationId),
      run: (() => this.loadRun(approval.runId)) as unknown,
      step: (async () => this.step(snapshotStep(await this.loaders.step.load(approval.stepId)))) as unknown,
      agent: { __typename: 'Agent' as const, id: approval.agentId },
      decidedBy: approval.decidedById === null ? null : { __typename: 'User' as const, id: approval.decidedById },
    };
  }

  event(conversationId: string, event: ConversationEvent) {
    const shared = {
      cursor: eventCursor(event.seq),
      at: event.at,
      conversation: this.conversationReference(conversationId),
      __typename: event.type,
    };
    switch (event.type) {
      case 'MessageAdded':
      case 'MessageCompleted':
        return { ...shared, message: this.message(conversationId, event.payload.message) };
      case 'MessageAttachmentAdded':
        return { ...shared, ...event.payload, attachment: this.attachment(event.payload.attachment) };
      case 'RunStateChanged':
      case 'RunRolledBack':
        return { ...shared, run: this.run(event.payload.run) };
      case 'StepStarted':
      case 'StepFinished':
      case 'ToolCallStarted':
      case 'ToolCallFinished':
        return { ...shared, step: this.step(event.payload.step) };
      case 'ApprovalRequested':
      case 'ApprovalDecided':
        return { ...shared, approval: this.approval(conversationId, event.payload.approval) };
      case 'ConversationTakenOver':
        return { ...shared, takeover: presentTakeover(event.payload.takeover) };
      case 'ConversationHandedBack': {
        const by = { __typename: 'User' as const, id: event.payload.byId };
        return { ...shared, takeover: presentTakeover(event.payload.takeover), by };
      }
      case 'ParticipantJoined':
      case 'ParticipantLeft':
      case 'ReactionAdded':
      case 'ReactionRemoved':
      case 'PersonErased':
      case 'ReadMarkMoved': {
        const { kind, participantId, ...rest } = event.payload;
        return { ...shared, ...rest, participant: toParticipant(kind, participantId) };
      }
      default:
        return { ...shared, ...event.payload };
    }
  }

  gap(conversationId: string, { seq, at }: StreamGapSignal) {
    const conversation = this.conversationReference(conversationId);
    return { __typename: 'StreamGap' as const, cursor: eventCursor(seq), at, conversation };
  }

  private async loadRun(id: string) {
    return this.run(snapshotRun(await this.loaders.run.load(id)));
  }
}
