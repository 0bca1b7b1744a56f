import { z } from 'zod';
import type { ScopedTransaction } from '#core/database/scoped-client';
import type { ScopedUnit } from '#core/database/transaction';
import { badInput, forbidden, notFound } from '#core/error';
import type { PageArgs } from '#core/graphql/pagination';
import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import { isPermission, type Permission } from '#core/permission';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { requireViewer, type Viewer } from '#core/viewer';
import { publishViewerChange } from '#core/viewer-change';
import type { ApiKey } from '#prisma/generated/client';
import { digestToken } from '../authentication/opaque-token.ts';
import { type CreatedPage, readCreatedPage } from '../created-page.ts';
import { emitEvent } from '../identity-event.ts';
import { type Role, roleOf } from '../role/role.ts';
import { requirePerson } from '../session/session.policy.ts';
import { nameText } from '../text.ts';
import { mayCreateApiKeyFor, mayHandOn, mayRevokeApiKey, type Principal, visibleApiKeys } from './api-key.policy.ts';
import { makeApiKey } from './api-key-format.ts';

const createSchema = z.object({
  name: nameText,
  scopes: z
    .array(z.string().refine(isPermission, 'There is no such permission'))
    .nullish()
    .transform((list) => [...new Set(list ?? [])] as Permission[]),
  expiresAt: z.date().nullish(),
  principalId: z.string().nullish(),
});

/** A key without what of its secret is kept. */
export type ApiKeyRow = Omit<ApiKey, 'secretHash'>;

export interface ApiKeyFilter {
  principalId?: string | null | undefined;
  includeRevoked?: boolean | null | undefined;
}

export interface ApiKeyList {
  page: CreatedPage;
  rows: ApiKeyRow[];
  count: () => Promise<number>;
}

const WITHOUT_SECRET = { secretHash: true } as const;

/** Makes, shows and revokes API keys of people and of service accounts. */
export class ApiKeyService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions' | 'bus'>) {}

  /** The keys that the viewer may see, the newest first. */
  async list(context: RequestContext, args: PageArgs, filter: ApiKeyFilter): Promise<ApiKeyList> {
    const viewer = requireViewer(context.viewer);
    if (filter.principalId != null && !isId(filter.principalId)) throw notFound('user');
    const where = {
      AND: [
        visibleApiKeys(viewer),
        filter.principalId ? { principalId: filter.principalId } : {},
        filter.includeRevoked ? {} : { revokedAt: null },
      ],
    };
    const page = readCreatedPage(args, 'desc');
    const { take, orderBy, beyond } = page;
    const { apiKey } = this.kernel.database.scoped;
    const rows = await apiKey.findMany({ where: { AND: [where, beyond] }, omit: WITHOUT_SECRET, take, orderBy });
    return { page, rows, count: async () => apiKey.count({ where }) };
  }

  /**
   * Returns the key with its secret, which cannot be had again.
   * @throws ParleyError `FORBIDDEN` for an API key, and where the key could do what the viewer may not, `BAD_USER_INPUT` where its principal
   * could never do it.
   */
  async create(
    context: RequestContext,
    input: z.input<typeof createSchema>,
  ): Promise<{ apiKey: ApiKeyRow; secret: string }> {
    // One that was leaked would else outlive its expiry and its revocation by the keys that were made with it.
    const viewer = requirePerson(context.viewer);
    const { name, scopes, expiresAt, principalId } = validate(createSchema, input);
    if (expiresAt && expiresAt.getTime() <= Date.now()) throw badInput('input.expiresAt', 'It must be in the future.');
    return this.kernel.transactions.scoped(async (unit) => {
      const { principal, role } = await this.findPrincipal(unit.tx, viewer, principalId ?? viewer.userId);
      checkScopes(viewer, role, scopes);
      const { key: secret, prefix } = makeApiKey();
      const apiKey = await unit.tx.apiKey.create({
        data: {
          principalId: principal.id,
          createdById: viewer.userId,
          name,
          prefix,
          secretHash: digestToken(secret),
          scopes,
          expiresAt: expiresAt ?? null,
        },
        omit: WITHOUT_SECRET,
      });
      await emitEvent(unit, context, 'api_key.created', {
        orgId: viewer.orgId,
        payload: { apiKeyId: apiKey.id, name, prefix, principalId: principal.id, scopes },
      });
      return { apiKey, secret };
    });
  }

  /** Revoking a second time changes nothing. @throws ParleyError `NOT_FOUND` */
  async revoke(context: RequestContext, { apiKeyId }: { apiKeyId: string }): Promise<ApiKeyRow> {
    const viewer = requireViewer(context.viewer);
    return this.kernel.transactions.scoped(async (unit) => {
      const found = isId(apiKeyId)
        ? await unit.tx.apiKey.findFirst({ where: { id: apiKeyId }, include: { principal: true } })
        : null;
      if (!found || !mayRevokeApiKey(viewer, found.principal)) throw notFound('API key');
      const { count } = await unit.tx.apiKey.updateMany({
        where: { id: apiKeyId, revokedAt: null },
        data: { revokedAt: new Date() },
      });
      if (count > 0) await this.tellRevoked(unit, context, found);
      return unit.tx.apiKey.findFirstOrThrow({ where: { id: apiKeyId }, omit: WITHOUT_SECRET });
    });
  }

  private async tellRevoked(
    unit: ScopedUnit,
    context: RequestContext,
    { id, orgId, name, prefix, principalId }: ApiKeyRow,
  ): Promise<void> {
    await emitEvent(unit, context, 'api_key.revoked', { orgId, payload: { apiKeyId: id, name, prefix, principalId } });
    unit.afterCommit(() => publishViewerChange(this.kernel.bus, { orgId, userId: principalId, credentialId: id }));
  }

  private async findPrincipal(
    tx: ScopedTransaction,
    viewer: Viewer,
    userId: string,
  ): Promise<{ principal: Principal; role: Role }> {
    const membership = isId(userId)
      ? await tx.membership.findFirst({
          where: { userId, user: { disabledAt: null } },
          include: { user: true, customRole: true },
        })
      : null;
    if (!membership || !mayCreateApiKeyFor(viewer, membership.user)) throw notFound('user that you can make a key for');
    return { principal: membership.user, role: roleOf(membership) };
  }
}

function checkScopes(viewer: Viewer, role: Role, scopes: Permission[]): void {
  const beyond = scopes.findIndex((scope) => !role.permissions.includes(scope));
  if (beyond >= 0) throw badInput(`input.scopes.${beyond}`, 'The user whom the key acts as may not do this.');
  if (mayHandOn(viewer, scopes.length > 0 ? scopes : role.permissions)) return;
  throw forbidden(
    scopes.length > 0
      ? 'A key cannot be allowed more than whoever makes it.'
      : 'Name the scopes: without them the key could do everything that its user can, which is more than you may.',
  );
}
