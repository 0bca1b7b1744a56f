import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { badInput, notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import { isModelError } from '#core/model/model-error';
import type { ModelRegistry } from '#core/model/model-registry';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import { actorOf } from '../conversation-outbox.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { USED } from './limit-statement.ts';
import { type SetTokenLimitInput, setTokenLimitSchema, type TokenLimitType } from './token-limit.type.ts';

export interface TokenLimitOptions {
  database: Database;
  transactions: Transactions;
  models: ModelRegistry;
  directory: PeerDirectory;
  /** Called when a limit has more room than before, or is gone. */
  onFreed(): void;
}

/** A limit as it is read; numbers of PostgreSQL come as text. */
type Row = Omit<TokenLimitType, 'agent' | 'maxTokens' | 'used' | 'reserved' | 'left'> &
  Record<'maxTokens' | 'used' | 'reserved', string> & { agentId: string | null };

/** The limits of tokens that organizations set themselves. */
export class TokenLimitService {
  constructor(private readonly options: TokenLimitOptions) {}

  async list(args: PageArgs): Promise<Page<TokenLimitType>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'tl' && id && isId(id) ? id : null) });
    const { scopedPool, scoped } = this.options.database;
    const [order, side] = request.direction === 'forward' ? ['ASC', '>'] : ['DESC', '<'];
    const { rows } = await scopedPool.query<Row>(
      `${READ} WHERE $1::uuid IS NULL OR l.id ${side} $1::uuid ORDER BY l.id ${order} LIMIT $2`,
      [request.cursor, request.limit + 1],
    );
    return toPage(request, rows, {
      cursorOf: (row) => encodeCursor('tl', row.id),
      present,
      totalCount: () => scoped.tokenLimit.count(),
    });
  }

  /** Sets the limit of a period. What was counted of it before stays counted. */
  async set(viewer: Viewer, input: SetTokenLimitInput): Promise<TokenLimitType> {
    const { agentId = null, downgradeModel = null, ...wanted } = validate(setTokenLimitSchema, input);
    const model = downgradeModel && (await this.fullId(downgradeModel));
    if (agentId && (await this.options.directory.agents(viewer, [agentId])).length === 0) throw notFound('agent');
    const row = await this.options.transactions.direct(async ({ tx, emit }) => {
      const [saved] = await tx.$queryRaw<{ id: string }[]>`
        INSERT INTO token_limits (id, org_id, agent_id, period, max_tokens, when_exhausted, downgrade_model, updated_by_id)
        VALUES (${newId()}::uuid, ${viewer.orgId}::uuid, ${agentId}::uuid, ${wanted.period}::"TokenPeriod",
                ${wanted.maxTokens}, ${wanted.whenExhausted}::"TokenLimitAction", ${model}, ${viewer.userId}::uuid)
        ON CONFLICT (org_id, coalesce(agent_id, org_id), period) DO UPDATE SET
          max_tokens = excluded.max_tokens, when_exhausted = excluded.when_exhausted,
          downgrade_model = excluded.downgrade_model, updated_by_id = excluded.updated_by_id, updated_at = now()
        RETURNING id::text`;
      const [row] = await tx.$queryRawUnsafe<Row[]>(`${READ} WHERE l.id = $1::uuid`, saved?.id);
      if (!row) throw new Error('A limit that was just set is not there.');
      await emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'token_limit.set',
        payload: { tokenLimitId: row.id, agentId, ...wanted, downgradeModel: model },
        actor: actorOf(viewer),
      });
      return row;
    });
    this.options.onFreed();
    return present(row);
  }

  /** @throws ParleyError `NOT_FOUND` */
  async remove(viewer: Viewer, id: string): Promise<string> {
    if (!isId(id)) throw notFound('limit of tokens');
    await this.options.transactions.direct(async ({ tx, emit }) => {
      const gone = await tx.$executeRaw`DELETE FROM token_limits WHERE id = ${id}::uuid`;
      if (gone === 0) throw notFound('limit of tokens');
      await emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'token_limit.removed',
        payload: { tokenLimitId: id },
        actor: actorOf(viewer),
      });
    });
    this.options.onFreed();
    return id;
  }

  private async fullId(modelId: string): Promise<string> {
    try {
      return await this.options.models.fullId(modelId);
    } catch (error) {
      if (isModelError(error)) throw badInput('input.downgradeModel', error.message);
      throw error;
    }
  }
}

const READ = `
  SELECT l.id::text, l.agent_id::text AS "agentId", l.period::text, l.max_tokens::text AS "maxTokens",
         l.when_exhausted::text AS "whenExhausted", l.downgrade_model AS "downgradeModel", (${USED})::text AS used,
         (SELECT coalesce(sum(r.tokens), 0)::text FROM token_reservations r WHERE r.limit_id = l.id) AS reserved,
         (SELECT count(*)::int FROM token_waits w WHERE w.limit_id = l.id) AS "waitingRuns",
         CASE l.period WHEN 'DAY' THEN date_trunc('day', now(), 'UTC') + interval '1 day'
                       WHEN 'MONTH' THEN (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'
         END AS "resetsAt",
         l.updated_at AS "updatedAt"
  FROM token_limits l`;

function present({ agentId, maxTokens, used, reserved, ...row }: Row): TokenLimitType {
  const numbers = { maxTokens: Number(maxTokens), used: Number(used), reserved: Number(reserved) };
  const left = Math.max(0, numbers.maxTokens - numbers.used - numbers.reserved);
  return { ...row, ...numbers, left, agent: agentId === null ? null : { id: agentId } };
}
