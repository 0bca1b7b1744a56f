import type { RunnableAgent } from '#core/agent/runnable-agent';
import type { Database } from '#core/database/database';
import type { RawTransaction, Transactions, Unit } from '#core/database/transaction';
import { type DecisionSubject, decisionEvent } from '#core/rule/decision-event';
import { isWorthKeeping, type RuleDecision } from '#core/rule/rule-decision';
import { momentFacts } from '#core/rule/rule-fact';
import type { RuleSet } from '#core/rule/rule-set';
import type { RuleSource } from '#core/rule/rule-source';
import type { Streams } from '#core/stream/streams';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import { attachmentsOf } from '../attachment/attachment-value.ts';
import { holdsRun } from '../orchestration/held-run.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { affectRoom } from './room-effect.ts';

export interface RunRulesOptions {
  database: Database;
  transactions: Transactions;
  streams: Streams;
  directory: PeerDirectory;
  rules: RuleSource;
}

/** What rules may ask about the room of a run and the message that is answered. */
export interface RunFacts {
  text: string;
  files: string[];
  authorId: string;
  author: string;
  roomId: string;
  room: string;
  tags: string[];
  priority: string;
}

/** The rules of an organization, as one attempt at a run meets them. */
export class RunRules {
  private known: Promise<RunFacts> | null = null;

  constructor(
    readonly options: RunRulesOptions,
    readonly run: Run,
    readonly viewer: Viewer,
  ) {}

  /** Those in force now. @throws ParleyError `UNAVAILABLE` */
  set(): Promise<RuleSet> {
    return this.options.rules.find(this.viewer);
  }

  /** Read once: what rules change of the room counts from the next run on. */
  facts(): Promise<RunFacts> {
    this.known ??= this.read();
    return this.known;
  }

  /** The facts that every stage has, and those of the agent. */
  async factsOf(agent: Pick<RunnableAgent, 'id' | 'name'>) {
    return { ...(await this.facts()), agentId: agent.id, agent: agent.name, ...momentFacts(new Date()) };
  }

  /** Keeps a decision, with what it wants done to the room; where another worker has the run by now, that one does. */
  async keep(decision: RuleDecision, about: Pick<DecisionSubject, 'agentId' | 'tool'>): Promise<void> {
    if (!isWorthKeeping(decision)) return;
    await this.options.transactions.direct(async (unit) => {
      if (await holdsRun(this.run, unit)) await this.write(unit, decision, about);
    });
  }

  /** The same within a transaction that has locked the room. */
  async write(
    unit: Unit<RawTransaction>,
    decision: RuleDecision,
    about: Pick<DecisionSubject, 'agentId' | 'tool'>,
  ): Promise<void> {
    const { id: runId, orgId, conversationId, triggerMessageId: messageId, startedById } = this.run;
    if (!isWorthKeeping(decision)) return;
    await affectRoom(unit.tx, conversationId, decision);
    const subject = { orgId, conversationId, runId, messageId, ...about };
    // What it leads to is done on behalf of whoever asked.
    await unit.emit(decisionEvent(decision, subject, { userId: startedById }));
  }

  private async read(): Promise<RunFacts> {
    const { database, directory } = this.options;
    const { conversationId, triggerMessageId } = this.run;
    const [room, trigger] = await Promise.all([
      database.scoped.conversation.findFirst({
        where: { id: conversationId },
        select: { title: true, tags: true, priority: true },
      }),
      database.scoped.message.findFirst({
        where: { id: triggerMessageId },
        select: { text: true, parts: true, authorId: true },
      }),
    ]);
    const authorId = trigger?.authorId ?? this.run.startedById;
    const [author] = await directory.users(this.viewer, [authorId]);
    return {
      text: trigger?.text ?? '',
      files: attachmentsOf((trigger?.parts ?? []) as never).map(({ mimeType }) => mimeType),
      authorId,
      author: author?.name ?? '',
      roomId: conversationId,
      room: room?.title ?? '',
      tags: room?.tags ?? [],
      priority: room?.priority ?? 'NORMAL',
    };
  }
}
