import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { notFound } from '#core/error';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { snapshotRun } from '../conversation.presenter.ts';
import type { RequestScope } from '../request-scope.ts';
import { RunType } from '../run.type.ts';
import type { ApprovalService } from './approval.service.ts';
import {
  ApprovalConnection,
  ApprovalState,
  ApprovalType,
  DecideApprovalInput,
  DecideApprovalPayload,
} from './approval.type.ts';
import type { RetryService } from './retry.service.ts';
import type { StepService } from './step.service.ts';
import {
  RequeueStepInput,
  RequeueStepPayload,
  RetryRunInput,
  RetryRunPayload,
  StepConnection,
  StepType,
} from './step.type.ts';
import { snapshotApproval, snapshotStep } from './step-snapshot.ts';

const FIRST = '20 unless given; 100 at most.';
const AFTER = 'The cursor to go on behind.';

/** What happens within runs, and what people decide about it. */
@Resolver(() => RunType)
export class OrchestrationResolver {
  constructor(
    private readonly stepService: StepService,
    private readonly approvalService: ApprovalService,
    private readonly retries: RetryService,
    private readonly scope: RequestScope,
  ) {}

  @Query(() => StepType, { name: 'step', nullable: true, description: 'NOT_FOUND where you may not see its room.' })
  async findStep(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string) {
    const { loaders, presenter } = this.scope(context);
    const row = await this.stepService.find(requireViewer(context.viewer), id, loaders);
    if (!row) throw notFound('step');
    return presenter.step(snapshotStep(row));
  }

  @Query(() => ApprovalType, {
    name: 'approval',
    nullable: true,
    description: 'NOT_FOUND where you may not see its room.',
  })
  async findApproval(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string) {
    const { loaders, presenter } = this.scope(context);
    const row = await this.approvalService.find(requireViewer(context.viewer), id, loaders);
    if (!row) throw notFound('approval');
    return presenter.approval(row.conversationId, snapshotApproval(row));
  }

  @Query(() => ApprovalConnection, {
    name: 'approvals',
    description: 'What people have been asked in the rooms that you may read, the oldest first.',
  })
  async list(
    @Ctx() context: RequestContext,
    @Arg('state', () => ApprovalState, {
      nullable: true,
      description: 'Those in this state; all where it is left out.',
    })
    state?: ApprovalState | null,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first?: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string,
  ) {
    const { presenter } = this.scope(context);
    const filter = { state: state ?? null, runId: null };
    return this.approvalService.list(requireViewer(context.viewer), filter, { first, after }, (row) =>
      presenter.approval(row.conversationId, snapshotApproval(row)),
    );
  }

  @FieldResolver(() => StepConnection, { description: 'What was done in it, in the order it was begun.' })
  async steps(
    @Ctx() context: RequestContext,
    @Root() run: RunType,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first?: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string,
  ) {
    const { presenter } = this.scope(context);
    return this.stepService.list(run.id, { first, after }, (row) => presenter.step(snapshotStep(row)));
  }

  @FieldResolver(() => ApprovalConnection, { description: 'What people were asked in it, the oldest first.' })
  async approvals(
    @Ctx() context: RequestContext,
    @Root() run: RunType,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first?: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string,
  ) {
    const { presenter } = this.scope(context);
    const filter = { state: null, runId: run.id };
    return this.approvalService.list(requireViewer(context.viewer), filter, { first, after }, (row) =>
      presenter.approval(row.conversationId, snapshotApproval(row)),
    );
  }

  @Mutation(() => DecideApprovalPayload, {
    description: 'Approves, rejects or edits. The run goes on from there, and nothing that has ended is done again.',
  })
  async decideApproval(
    @Ctx() context: RequestContext,
    @Arg('input', () => DecideApprovalInput) input: DecideApprovalInput,
  ): Promise<DecideApprovalPayload> {
    const { loaders, presenter } = this.scope(context);
    const row = await this.approvalService.decide(requireViewer(context.viewer), input, loaders);
    return { approval: presenter.approval(row.conversationId, snapshotApproval(row)) };
  }

  @Mutation(() => RetryRunPayload, {
    description:
      'Goes on with a run that failed, was cancelled, met a limit or lost a branch: what it failed by is done again with what rests on that, and the rest is kept. Whoever was ended by a limit may go as far again. It goes on in the name of whoever started it, who may retry it, and those who may change every conversation. CONFLICT where that would repeat a tool call that must not be made twice: requeue its step.',
  })
  async retryRun(
    @Ctx() context: RequestContext,
    @Arg('input', () => RetryRunInput) input: RetryRunInput,
  ): Promise<RetryRunPayload> {
    const { loaders, presenter } = this.scope(context);
    const run = await this.retries.retry(requireViewer(context.viewer), input.runId, loaders);
    return { run: presenter.run(snapshotRun(run)) };
  }

  @Mutation(() => RequeueStepPayload, {
    description:
      'Lets a tool call be made again that must not be made twice: one that was interrupted (TOOL_INTERRUPTED), or that a retry has to repeat. Look first at what it did. The run goes on once no such call holds it up.',
  })
  async requeueStep(
    @Ctx() context: RequestContext,
    @Arg('input', () => RequeueStepInput) input: RequeueStepInput,
  ): Promise<RequeueStepPayload> {
    const { loaders, presenter } = this.scope(context);
    const run = await this.retries.requeue(requireViewer(context.viewer), input.stepId, loaders);
    return { run: presenter.run(snapshotRun(run)) };
  }
}
