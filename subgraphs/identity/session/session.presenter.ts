import type { Viewer } from '#core/viewer';
import { presentViewer } from '../authentication/viewer.presenter.ts';
import { presentOrganization } from '../organization/organization.presenter.ts';
import type { SessionRow } from './session.service.ts';
import type { OpenedSession } from './session-opener.ts';

export const presentOpenedSession = (opened: OpenedSession) => ({
  accessToken: opened.accessToken,
  refreshToken: opened.refreshToken,
  expiresAt: opened.expiresAt,
  sessionExpiresAt: opened.sessionExpiresAt,
  viewer: presentViewer(opened),
});

export const presentSession = (row: SessionRow, viewer: Viewer | null) => ({
  id: row.id,
  organization: presentOrganization(row.organization),
  current: viewer?.credential.id === row.id,
  ip: row.ip,
  userAgent: row.userAgent,
  createdAt: row.createdAt,
  lastSeenAt: row.lastSeenAt,
  expiresAt: row.expiresAt,
});
