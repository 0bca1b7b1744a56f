import type { Database } from '#core/database/database';
import type { RawTransaction, Transactions, Unit } from '#core/database/transaction';
import { ParleyError } from '#core/error';
import { newId } from '#core/id';
import { decisionEvent, type RoutingRecord } from '#core/rule/decision-event';
import { evaluateRules } from '#core/rule/evaluate-rules';
import type { RuleActionOf } from '#core/rule/rule-action';
import { type AppliedAction, actionsOf, isWorthKeeping, type RuleDecision } from '#core/rule/rule-decision';
import { momentFacts } from '#core/rule/rule-fact';
import type { RuleSet } from '#core/rule/rule-set';
import type { RuleSource } from '#core/rule/rule-source';
import type { StreamAppend } from '#core/stream/event';
import type { Viewer } from '#core/viewer';
import type { Message, Run } from '#prisma/generated/client';
import type { OpenRoom } from '../conversation.access.ts';
import { MAX_IN_ROOM } from '../conversation.input.ts';
import { eventOf, type Room } from '../conversation-event.ts';
import { actorOf } from '../conversation-outbox.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { firstMentioned } from '../responder.ts';
import { silencedAgents } from '../takeover/takeover-row.ts';
import { type Candidate, chooseCandidate, standingsOf } from './candidate.ts';
import { affectRoom } from './room-effect.ts';

/** What rules have decided about who answers a message. */
export interface Routed {
  decision: RuleDecision;
  /** Null where no rule wants anybody in particular. */
  record: RoutingRecord | null;
}

interface MessageRouterOptions {
  database: Database;
  transactions: Transactions;
  directory: PeerDirectory;
  rules: RuleSource;
}

/** Who answers a message, as far as rules say it. */
export class MessageRouter {
  constructor(private readonly options: MessageRouterOptions) {}

  /** Null where no rule is about it: the room decides as it does without rules, also where they cannot be had. */
  async route(viewer: Viewer, opened: OpenRoom, text: string): Promise<Routed | null> {
    const set = await this.find(viewer);
    if (!set?.has('ROUTING')) return null;
    const decision = evaluateRules(set, 'ROUTING', await this.factsOf(viewer, opened, text));
    if (!isWorthKeeping(decision)) return null;
    const [route] = actionsOf(decision, 'ROUTE');
    return { decision, record: route ? await this.choose(viewer, opened, route) : null };
  }

  /**
   * Keeps the decision with the message that it is about, within a transaction that has locked the room.
   * @returns The coming of whoever was chosen and is not in the room yet.
   */
  async keep(
    unit: Unit<RawTransaction>,
    viewer: Viewer,
    room: Room,
    { decision, record }: Routed,
    { message, run }: { message: Message; run: Run | null },
  ): Promise<StreamAppend[]> {
    await affectRoom(unit.tx, room.id, decision);
    await unit.emit(
      decisionEvent(
        decision,
        {
          orgId: room.orgId,
          conversationId: room.id,
          messageId: message.id,
          runId: run?.id ?? null,
          agentId: run?.agentId ?? null,
          routing: record,
        },
        actorOf(viewer),
      ),
    );
    return record?.chosen ? joinRoom(unit.tx, room, record.chosen) : [];
  }

  private async find(viewer: Viewer): Promise<RuleSet | null> {
    try {
      return await this.options.rules.find(viewer);
    } catch (error) {
      if (error instanceof ParleyError && error.code === 'UNAVAILABLE') return null;
      throw error;
    }
  }

  private async factsOf(viewer: Viewer, { room, participants }: OpenRoom, text: string) {
    const { directory } = this.options;
    const present = participants.flatMap((row) => (row.kind === 'AGENT' ? [row.participantId] : []));
    const [able, [author]] = await Promise.all([
      directory.agentsThatAnswer(viewer, present),
      directory.users(viewer, [viewer.userId]),
    ]);
    return {
      text,
      authorId: viewer.userId,
      author: author?.name ?? '',
      agents: able.map(({ name }) => name),
      mentioned: firstMentioned(text, able)?.name ?? '',
      roomId: room.id,
      room: room.title ?? '',
      tags: room.tags,
      priority: room.priority,
      ...momentFacts(new Date()),
    };
  }

  private async choose(
    viewer: Viewer,
    { room }: OpenRoom,
    { rule, action: { to, strategy } }: AppliedAction<RuleActionOf<'ROUTE'>>,
  ): Promise<RoutingRecord> {
    const { database, directory, transactions } = this.options;
    const idsOf = (kind: 'AGENT' | 'USER') => to.flatMap((target) => (target.kind === kind ? [target.id] : []));
    const [agents, users, silenced, standings] = await Promise.all([
      directory.agentsThatAnswer(viewer, idsOf('AGENT')),
      directory.users(viewer, idsOf('USER')),
      silencedAgents(database.scoped, room.id, idsOf('AGENT')),
      standingsOf(database, room.orgId, to),
    ]);
    const names = new Map([...agents, ...users].map(({ id, name }) => [id, name]));
    const problemOf = ({ kind, id }: (typeof to)[number]): string | null => {
      if (silenced.has(id)) return 'A person has taken over from it.';
      if (names.has(id)) return null;
      return kind === 'AGENT' ? 'It is archived, or nothing of it was published.' : 'No longer in the organization.';
    };
    const candidates = to.map(
      (target): Candidate => ({
        ...target,
        name: names.get(target.id) ?? target.id,
        running: standings.get(target.id)?.running ?? 0,
        isFailing: standings.get(target.id)?.isFailing ?? false,
        chosenAt: 0,
        passedOver: problemOf(target),
      }),
    );
    const reasons = [`The rule ${rule.name} says who answers.`];
    const chosen =
      strategy === 'ROUND_ROBIN'
        ? await transactions.direct((unit) => takeTurn(unit.tx, room.orgId, rule.id, candidates, reasons))
        : chooseCandidate(candidates, strategy, Math.random(), reasons);
    return {
      chosen: chosen && { kind: chosen.kind, id: chosen.id },
      strategy,
      candidates: candidates.map(({ kind, id, name, running, isFailing, passedOver }) => ({
        kind,
        id,
        name,
        running,
        isFailing,
        passedOver,
      })),
      reasons,
    };
  }
}

/** Chooses whose turn it is; messages of the same moment take one after the other. */
async function takeTurn(
  tx: RawTransaction,
  orgId: string,
  ruleId: string,
  candidates: readonly Candidate[],
  reasons: string[],
): Promise<Candidate | null> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`route ${ruleId}`}, 0))`;
  const turns = await tx.$queryRaw<{ id: string; at: number }[]>`
    SELECT target_id::text AS id, extract(epoch FROM chosen_at)::float8 * 1000 AS at FROM route_turns
    WHERE org_id = ${orgId}::uuid AND rule_id = ${ruleId}::uuid`;
  const at = new Map(turns.map((turn) => [turn.id, turn.at]));
  const timed = candidates.map((candidate) => ({ ...candidate, chosenAt: at.get(candidate.id) ?? 0 }));
  const chosen = chooseCandidate(timed, 'ROUND_ROBIN', 0, reasons);
  if (chosen) {
    await tx.$executeRaw`
      INSERT INTO route_turns (org_id, rule_id, target_id, chosen_at)
      VALUES (${orgId}::uuid, ${ruleId}::uuid, ${chosen.id}::uuid, clock_timestamp())
      ON CONFLICT (rule_id, target_id) DO UPDATE SET chosen_at = excluded.chosen_at`;
  }
  return chosen;
}

/** Brings whoever is to answer into the room, where there is a place. */
async function joinRoom(
  tx: RawTransaction,
  room: Room,
  { kind, id }: { kind: 'AGENT' | 'USER'; id: string },
): Promise<StreamAppend[]> {
  const joined = await tx.$executeRaw`
    INSERT INTO participants AS p (id, org_id, conversation_id, kind, participant_id)
    SELECT ${newId()}::uuid, ${room.orgId}::uuid, ${room.id}::uuid, ${kind}::"ParticipantKind", ${id}::uuid
    WHERE (SELECT count(*) FROM participants o WHERE o.conversation_id = ${room.id}::uuid AND o.left_at IS NULL) < ${MAX_IN_ROOM}::int
    ON CONFLICT (conversation_id, kind, participant_id) DO UPDATE SET left_at = NULL, joined_at = now()
      WHERE p.left_at IS NOT NULL`;
  return joined > 0 ? [eventOf(room, 'ParticipantJoined', { kind: kind as never, participantId: id })] : [];
}
