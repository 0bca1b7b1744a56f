import { runInOrg } from '#core/database/tenant';
import { handleJob } from '#core/job/job';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { createRuleSource } from '#core/rule/peer-rule-source';
import { buildFederatedSchema } from '#core/subgraph/build-schema';
import type { Subgraph } from '#core/subgraph/subgraph';
import { requireViewer } from '#core/viewer';
import { AttachmentResolver } from './attachment/attachment.resolver.ts';
import { MessageAttachmentAddedType } from './attachment/attachment-event.type.ts';
import { createAttachments } from './attachment/create-attachments.ts';
import { BranchResolver } from './branch/branch.resolver.ts';
import { BranchService } from './branch/branch.service.ts';
import { BranchSelectedType } from './branch/branch.type.ts';
import { createBudget } from './budget/create-budget.ts';
import { ModelWindows } from './context/model-window.ts';
import { ContextFoldedResolver, SummaryResolver } from './context/summary.resolver.ts';
import { SummaryService } from './context/summary.service.ts';
import { ContextFoldedType } from './context/summary.type.ts';
import { snapshotMessage, snapshotRun } from './conversation.presenter.ts';
import { ConversationResolver } from './conversation.resolver.ts';
import { ConversationService } from './conversation.service.ts';
import { createEventResolver } from './event.resolver.ts';
import { EventService } from './event.service.ts';
import { EVENT_TYPES } from './event.type.ts';
import { ForkResolver } from './fork/fork.resolver.ts';
import { ForkService } from './fork/fork.service.ts';
import { createLive } from './live/create-live.ts';
import { LIVE_EVENT_TYPES } from './live/live-event.type.ts';
import { MessageResolver } from './message.resolver.ts';
import { MessageService } from './message.service.ts';
import { ApprovalService } from './orchestration/approval.service.ts';
import { ORCHESTRATION_EVENT_TYPES } from './orchestration/event.type.ts';
import { OrchestrationResolver } from './orchestration/orchestration.resolver.ts';
import { RetryService } from './orchestration/retry.service.ts';
import { StepService } from './orchestration/step.service.ts';
import { OrderResolver } from './order/order.resolver.ts';
import { OrderService } from './order/order.service.ts';
import { PeerDirectory } from './peer-directory.ts';
import { permissions } from './permissions.ts';
import { createRequestScope } from './request-scope.ts';
import { RollbackResolver } from './rollback/rollback.resolver.ts';
import { RollbackService } from './rollback/rollback.service.ts';
import { RunRolledBackType } from './rollback/rollback.type.ts';
import { createRoomLife, ROOM_LIFE_EVENT_TYPES } from './room-life.ts';
import { RoomTurns } from './room-turn.ts';
import { MessageRouter } from './rule/message-router.ts';
import { RunExecutor } from './run/execute-run.ts';
import { executeRunJob } from './run/job.ts';
import { releaseClaims, startSweep } from './run/sweep.ts';
import { RunResolver } from './run.resolver.ts';
import { RunService } from './run.service.ts';
import { createRunFeedResolver } from './run-feed/run-event.resolver.ts';
import { RunEventService } from './run-feed/run-event.service.ts';
import { RunListService } from './run-feed/run-list.service.ts';
import { departureConsumer } from './takeover/departure.ts';
import { TakeoverResolver } from './takeover/takeover.resolver.ts';
import { TakeoverService } from './takeover/takeover.service.ts';
import { ConversationHandedBackType, ConversationTakenOverType } from './takeover/takeover.type.ts';
import { createTools } from './tool/create-tools.ts';

/** Composes the conversations subgraph: rooms, messages, runs and what is streamed of them. */
export async function createConversations(kernel: Kernel): Promise<Subgraph> {
  const { database, transactions, streams, bus, jobs, peers, models, log, metrics } = kernel;
  const directory = new PeerDirectory(peers);
  const rules = await createRuleSource(peers, bus);
  const turns = new RoomTurns();
  const runs = new RunService(database, transactions, streams, bus, jobs, log, turns);
  const conversations = new ConversationService(database, transactions, streams, directory, bus, turns);
  const router = new MessageRouter({ database, transactions, directory, rules: rules.source });
  const messages = new MessageService(database, transactions, streams, directory, runs, turns, router);
  const events = new EventService(database, streams);
  const attachments = createAttachments(kernel);
  const scope = createRequestScope(database, attachments.links);

  const { tools, ...toolbox } = createTools({ kernel, directory });
  const approvals = new ApprovalService(database, transactions, streams, tools, runs, turns);
  const steps = new StepService(database, runs);
  const retries = new RetryService(database, transactions, streams, runs, turns);
  const summaries = new SummaryService(database);
  const budgets = createBudget({ kernel, directory, turns, runs });
  const roomLife = createRoomLife({ kernel, messages, turns, directory, scope, sweepFiles: attachments.sweep });
  const forks = new ForkService({ database, transactions, streams, directory, conversations, messages });
  const orders = new OrderService({ database, transactions, directory, conversations, messages, runs, turns });
  const takeovers = new TakeoverService({ database, transactions, streams, directory, runs, turns });
  const runFeed = new RunEventService(database, streams, events, runs);
  const live = createLive({ kernel, directory, scope, tools, rules: rules.source });

  const executor = new RunExecutor({
    database,
    transactions,
    streams,
    bus,
    peers,
    directory,
    models,
    tools,
    rules: rules.source,
    onHeld: (seconds) => metrics.held.observe(seconds),
    budget: budgets.budget,
    files: attachments.modelFiles,
    pictures: attachments.pictures,
    windows: new ModelWindows({
      models,
      unknownTokens: kernel.environment.MODEL_WINDOW_TOKENS,
      mostTokens: kernel.environment.CONTEXT_TOKENS,
    }),
    // What does not end in half of the grace is put down in the other half.
    drainMs: kernel.environment.SHUTDOWN_GRACE_SECONDS * 500,
    idleTimeoutMs: kernel.environment.MODEL_IDLE_TIMEOUT_SECONDS * 1_000,
    workerId: kernel.instanceId,
    onEnded: (run) => void runs.dispatchNext(run),
    onPutDown: (run, delayMs) => runs.dispatch(run, delayMs),
  });

  const byId =
    <Row>(find: (id: string, context: RequestContext) => Promise<Row | null>) =>
    ({ id }: { id: string }, context: RequestContext) =>
      find(id, context);

  const schema = await buildFederatedSchema({
    resolvers: [
      new ConversationResolver(conversations, messages, runs, scope),
      new MessageResolver(messages, scope),
      new RunResolver(runs, scope),
      createRunFeedResolver(runFeed, new RunListService(database), scope),
      new OrchestrationResolver(steps, approvals, retries, scope),
      toolbox.resolver,
      new OrderResolver(orders, scope),
      new TakeoverResolver(takeovers, scope),
      new ForkResolver(forks, scope),
      new BranchResolver(new BranchService({ transactions, streams, messages, runs, turns }), scope),
      new RollbackResolver(new RollbackService(database, tools), scope),
      new AttachmentResolver(attachments.service, scope),
      createEventResolver(events, roomLife.presences, scope),
      ...roomLife.resolvers,
      ...budgets.resolvers,
      new SummaryResolver(summaries),
      new ContextFoldedResolver(summaries),
      ...live.resolvers,
    ],
    orphanedTypes: [
      ...EVENT_TYPES,
      MessageAttachmentAddedType,
      RunRolledBackType,
      BranchSelectedType,
      ConversationTakenOverType,
      ConversationHandedBackType,
      ...ORCHESTRATION_EVENT_TYPES,
      ContextFoldedType,
      ...LIVE_EVENT_TYPES,
      ...ROOM_LIFE_EVENT_TYPES,
    ],
    permissions,
    references: {
      Conversation: byId(async (id, context) => {
        const { loaders, presenter } = scope(context);
        const row = await conversations.find(requireViewer(context.viewer), id, loaders);
        return row && presenter.conversation(row);
      }),
      Message: byId(async (id, context) => {
        const { loaders, presenter } = scope(context);
        const row = await messages.find(requireViewer(context.viewer), id, loaders);
        return row && presenter.message(row.conversationId, snapshotMessage(row));
      }),
      Run: byId(async (id, context) => {
        const { loaders, presenter } = scope(context);
        const row = await runs.find(requireViewer(context.viewer), id, loaders);
        return row && presenter.run(snapshotRun(row));
      }),
    },
  });

  return {
    name: 'conversations',
    schema,
    door: attachments.door(scope),
    jobs: [handleJob(executeRunJob, ({ runId }, context) => executor.execute(runId, context)), ...roomLife.jobs],
    consumers: [...roomLife.consumers, departureConsumer(streams, runs)],
    close: async () => void (await Promise.all([rules.close(), roomLife.close(), toolbox.close()])),
    async startWorker({ alone }) {
      if (alone) await releaseClaims(database, kernel.instanceId);
      const stopRoomLife = roomLife.startSweep();
      const stopLive = await live.startHost({ alone });
      const stopSweep = startSweep({
        database,
        log,
        dispatch: (run) => runs.dispatch(run),
        expire: ({ id, orgId }) => runInOrg(orgId, () => approvals.expire(id)),
      });
      const stopBudgets = budgets.startSweep();
      const stopFiles = attachments.startSweep({ alone });
      return async () =>
        void (await Promise.all([stopLive(), stopSweep(), stopFiles(), stopRoomLife(), stopBudgets()]));
    },
  };
}
