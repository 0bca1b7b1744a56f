import type { Bus } from '#core/bus/bus';
import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { badInput, conflict, notFound, ParleyError, unavailable } from '#core/error';
import { isId, newId } from '#core/id';
import type { ModelRegistry } from '#core/model/model-registry';
import type { Peers } from '#core/peer/peer';
import type { RateLimits } from '#core/rate-limit';
import type { Streams } from '#core/stream/streams';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { LiveSession } from '#prisma/generated/client';
import { LEFT } from '../budget/limit-statement.ts';
import { type OpenRoom, openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { canWrite } from '../conversation.policy.ts';
import { actorOf } from '../conversation-outbox.ts';
import { loadAgent } from '../orchestration/roster.ts';
import { lockRoom } from '../room-lock.ts';
import { silencedAgents } from '../takeover/takeover-row.ts';
import {
  type SendLiveInputInput,
  type StartLiveSessionInput,
  sendLiveInputSchema,
  startLiveSessionSchema,
} from './live.input.ts';
import { endSession } from './live-end.ts';
import { onBehalfOf } from './live-history.ts';
import { type LivePost, offerSession } from './live-mailbox.ts';
import { LiveEndReason } from './live-session.type.ts';

export interface LiveServiceOptions {
  database: Database;
  transactions: Transactions;
  streams: Streams;
  bus: Bus;
  peers: Peers;
  models: ModelRegistry;
  rateLimits: RateLimits;
  post: LivePost;
  /** How long a session lasts at most, in seconds. */
  totalSeconds: number;
  /** Sessions that an organization has at once at most. */
  maxPerOrg: number;
}

/** Four times what speech takes, in KiB of base64 over ten seconds. */
const INPUT_RATE = { name: 'live-input', points: 2_000, seconds: 10 };
const OPEN = { in: ['STARTING' as const, 'ACTIVE' as const] };

const ownOf = ({ userId }: Viewer) => ({
  userId,
  conversation: { participants: { some: { kind: 'USER' as const, participantId: userId, leftAt: null } } },
});

/** Live sessions, as their users see them. */
export class LiveService {
  constructor(private readonly options: LiveServiceOptions) {}

  /** The viewer's own session, in a room that he is in; null elsewhere. */
  async find(viewer: Viewer, id: string): Promise<LiveSession | null> {
    if (!isId(id)) return null;
    return this.options.database.scoped.liveSession.findFirst({ where: { id, ...ownOf(viewer) } });
  }

  /** The viewer's own sessions that have not ended, the newest first. */
  async listOpen(viewer: Viewer): Promise<LiveSession[]> {
    return this.options.database.scoped.liveSession.findMany({
      where: { state: OPEN, ...ownOf(viewer) },
      orderBy: { id: 'desc' },
      take: this.options.maxPerOrg,
    });
  }

  /** Begins a session: a process that has the worker's role connects it to the model. */
  async start(viewer: Viewer, input: StartLiveSessionInput, loaders: ConversationLoaders): Promise<LiveSession> {
    const { conversationId, agentId, model, modality, voice } = validate(startLiveSessionSchema, input);
    const allowed = { check: canWrite, refusal: 'Only those who take part in a conversation talk in it.' };
    const opened = await openRoom(viewer, conversationId, loaders, allowed);
    const agent = await this.agentOf(viewer, opened, agentId ?? null);
    const modelId = await this.modelOf(model ?? null, agent.model);
    const { transactions, bus } = this.options;
    return transactions.scoped(async (unit) => {
      await lockRoom(unit.tx, conversationId);
      if ((await silencedAgents(unit.tx, conversationId, [agent.id])).has(agent.id)) {
        throw conflict('A person has taken over from this agent: talk with it once the conversation is handed back.');
      }
      await this.checkCaps(unit, viewer, conversationId);
      await this.checkTokens(unit, viewer, agent.id);
      const row = await unit.tx.liveSession.create({
        data: {
          id: newId(),
          conversationId,
          agentId: agent.id,
          agentVersion: agent.version,
          userId: viewer.userId,
          credentialKind: viewer.credential.kind,
          credentialId: viewer.credential.id,
          model: modelId,
          modality,
          voice: voice ?? null,
          expiresAt: new Date(Date.now() + this.options.totalSeconds * 1_000),
        },
      });
      await unit.emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'live_session.started',
        payload: { liveSessionId: row.id, conversationId, userId: viewer.userId, agentId: agent.id },
        actor: actorOf(viewer),
      });
      unit.afterCommit(() => offerSession(bus, row));
      return row;
    });
  }

  /** Takes what is said. @returns whether it had been taken before. */
  async send(viewer: Viewer, input: SendLiveInputInput): Promise<{ sequence: number; duplicate: boolean }> {
    const { sessionId, ...said } = validate(sendLiveInputSchema, input);
    const session = await this.find(viewer, sessionId);
    if (!session) throw notFound('live session');
    if (session.endedAt) throw conflict('The live session has ended: start another one.');
    const size = said.audio?.data.length ?? said.text?.length ?? 0;
    await this.options.rateLimits.consume(INPUT_RATE, session.id, Math.ceil(size / 1_024));
    const duplicate = await this.options.post.deliver(session.id, said);
    return { sequence: said.sequence, duplicate };
  }

  /** Ends a session. One that has ended already stays as it is. */
  async end(viewer: Viewer, id: string): Promise<LiveSession> {
    const session = await this.find(viewer, id);
    if (!session) throw notFound('live session');
    if (session.endedAt) return session;
    const ended = await endSession(session, { reason: LiveEndReason.ENDED_BY_USER }, this.options);
    return ended ?? (await this.find(viewer, id)) ?? session;
  }

  private async agentOf(viewer: Viewer, { participants }: OpenRoom, wanted: string | null) {
    const present = participants.filter((row) => row.kind === 'AGENT').map((row) => row.participantId);
    const agentId = wanted ?? present[0];
    if (!agentId) throw badInput('input.conversationId', 'There is no agent in the conversation.');
    if (!present.includes(agentId)) throw badInput('input.agentId', 'This agent is not in the conversation.');
    const asking = onBehalfOf({ id: newId(), orgId: viewer.orgId, userId: viewer.userId });
    const agent = await loadAgent(this.options.peers, asking, agentId, null);
    if (!agent) throw badInput('input.agentId', 'The agent has no published version, or was archived.');
    return agent;
  }

  private async modelOf(wanted: string | null, own: string): Promise<string> {
    const { models } = this.options;
    const found = wanted
      ? await models.liveModel(wanted)
      : ((await models.liveModel(own)) ?? (await models.liveModel(null)));
    if (found) return found;
    const away = (await models.list()).providers.find(({ ok }) => !ok);
    if (away) throw unavailable(away.error?.message ?? `${away.label} cannot be reached.`, { retryAfterSeconds: 10 });
    if (!wanted) throw badInput('input.model', 'No provider offers a live model: set GEMINI_API_KEY.');
    throw badInput('input.model', 'It is not a live model: choose one of `models` with `capabilities.live`.');
  }

  /** What a session will take is not known before: it begins while there is anything left, and ends where there is not. */
  private async checkTokens({ tx }: ScopedUnit, { orgId }: Viewer, agentId: string): Promise<void> {
    const [spent] = await tx.$queryRawUnsafe<{ max: string }[]>(
      `SELECT l.max_tokens::text AS max FROM token_limits l
       WHERE l.org_id = $1::uuid AND (l.agent_id IS NULL OR l.agent_id = $2::uuid) AND ${LEFT} <= 0 ORDER BY l.id LIMIT 1`,
      orgId,
      agentId,
    );
    if (!spent) return;
    const max = Number(spent.max).toLocaleString('en');
    throw new ParleyError('QUOTA_EXCEEDED', `The limit of ${max} tokens has nothing left for a live session.`);
  }

  private async checkCaps({ tx }: ScopedUnit, viewer: Viewer, conversationId: string): Promise<void> {
    // One after the other in an organization, so that the count holds.
    await tx.$queryRaw`SELECT 1 FROM pg_advisory_xact_lock(hashtextextended(${`live ${viewer.orgId}`}, 0))`;
    const mine = await tx.liveSession.findFirst({ where: { conversationId, userId: viewer.userId, state: OPEN } });
    if (mine) throw conflict('You have a live session in this conversation: go on with it, or end it.');
    if ((await tx.liveSession.count({ where: { state: OPEN } })) < this.options.maxPerOrg) return;
    const message = `The organization has ${this.options.maxPerOrg} live sessions already, as many as it may.`;
    throw new ParleyError('QUOTA_EXCEEDED', message, { retryAfterSeconds: 60 });
  }
}
