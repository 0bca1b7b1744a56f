import type { RequestContext } from '#core/request-context';
import type { UserLoader } from '../account/user.loaders.ts';
import { presentUserById } from '../account/user.presenter.ts';
import type { ApiKeyRow } from './api-key.service.ts';

export const presentApiKey = (row: ApiKeyRow, context: RequestContext, users: UserLoader) => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: row.scopes,
  principal: presentUserById(row.principalId, context, users),
  createdBy: presentUserById(row.createdById, context, users),
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  lastUsedAt: row.lastUsedAt,
  revokedAt: row.revokedAt,
});
