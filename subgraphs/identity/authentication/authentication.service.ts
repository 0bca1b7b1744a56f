import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import { BUILT_IN_ROLES, type BuiltInRoleName, isPermission, type Permission } from '#core/permission';
import type { Credential, Viewer } from '#core/viewer';
import { isApiKey, looksLikeApiKey } from '../api-key/api-key-format.ts';
import type { AccessTokens } from './access-token.ts';
import { digestToken } from './opaque-token.ts';

/** A session or an API key without its secret. */
export type CredentialReference = Pick<Credential, 'kind' | 'id'>;

interface Row {
  kind: Credential['kind'];
  id: string;
  org_id: string;
  user_id: string;
  expires_at: Date | null;
  scopes: string[] | null;
  last_used_at: Date | null;
  user_kind: Viewer['userKind'];
  built_in_role: BuiltInRoleName | null;
  custom_role_id: string | null;
  custom_permissions: string[] | null;
}

/** How old the note of a key's last use may be, in milliseconds, before it is written anew. */
const LAST_USED_PRECISION_MS = 60_000;

/** Everything about any number of credentials that hold at this moment: those that do not are left out. */
const READ_CREDENTIALS = `
  WITH asked AS (
    SELECT 'SESSION' AS kind, s.id, s.org_id, s.user_id, s.expires_at, NULL::text[] AS scopes, NULL::timestamptz AS last_used_at
    FROM sessions s WHERE s.id = ANY($1::uuid[]) AND s.revoked_at IS NULL AND s.expires_at > now()
    UNION ALL
    SELECT 'API_KEY', k.id, k.org_id, k.principal_id, k.expires_at, k.scopes, k.last_used_at
    FROM api_keys k
    WHERE (k.id = ANY($2::uuid[]) OR k.secret_hash = ANY($3::text[]))
      AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
  )
  SELECT a.*, u.kind AS user_kind, m.built_in_role, m.custom_role_id, r.permissions AS custom_permissions
  FROM asked a
  JOIN users u ON u.id = a.user_id AND u.disabled_at IS NULL
  JOIN memberships m ON m.org_id = a.org_id AND m.user_id = a.user_id
  LEFT JOIN custom_roles r ON r.org_id = m.org_id AND r.id = m.custom_role_id`;

type PrincipalRow = Pick<Row, 'user_kind' | 'built_in_role' | 'custom_permissions'>;

const READ_PRINCIPAL = `
  SELECT u.kind AS user_kind, m.built_in_role, r.permissions AS custom_permissions
  FROM memberships m
  JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
  LEFT JOIN custom_roles r ON r.org_id = m.org_id AND r.id = m.custom_role_id
  WHERE m.org_id = $1 AND m.user_id = $2`;

/** Tells who stands behind a credential. The one place where callers are let in. */
export class AuthenticationService {
  constructor(
    private readonly kernel: Pick<Kernel, 'database' | 'transactions' | 'log'>,
    private readonly accessTokens: AccessTokens,
  ) {}

  /** Null where the credential is unknown, expired or revoked, or its owner is disabled or no longer a member. */
  async authenticate(credential: string): Promise<Viewer | null> {
    return looksLikeApiKey(credential) ? this.byApiKey(credential) : this.byAccessToken(credential);
  }

  /** Looks again at credentials that were let in before, in one query, in the order given. */
  async recheck(references: readonly CredentialReference[]): Promise<(Viewer | null)[]> {
    const ids = (kind: Credential['kind']) =>
      references.filter((reference) => reference.kind === kind && isId(reference.id)).map(({ id }) => id);
    const rows = await this.read(ids('SESSION'), ids('API_KEY'), []);
    const found = new Map(rows.map((row) => [`${row.kind} ${row.id}`, row]));
    return references.map(({ kind, id }) => {
      const row = found.get(`${kind} ${id.toLowerCase()}`);
      return row ? toViewer(row) : null;
    });
  }

  /** What somebody may do in an organization without a credential; null where he is no member, or disabled. */
  async principal(orgId: string, userId: string): Promise<Pick<Viewer, 'userKind' | 'permissions'> | null> {
    if (!isId(userId)) return null;
    const { rows } = await this.kernel.database.systemPool.query<PrincipalRow>(READ_PRINCIPAL, [orgId, userId]);
    return rows[0] ? { userKind: rows[0].user_kind, permissions: permissionsOf({ ...rows[0], scopes: null }) } : null;
  }

  private async byAccessToken(token: string): Promise<Viewer | null> {
    const claims = await this.accessTokens.read(token);
    if (!claims || !isId(claims.sessionId)) return null;
    const [row] = await this.read([claims.sessionId], [], []);
    if (!row || row.user_id !== claims.userId || row.org_id !== claims.orgId) return null;
    return toViewer({ ...row, expires_at: claims.expiresAt });
  }

  private async byApiKey(key: string): Promise<Viewer | null> {
    if (!isApiKey(key)) return null;
    const [row] = await this.read([], [], [digestToken(key)]);
    if (!row) return null;
    if (!row.last_used_at || Date.now() - row.last_used_at.getTime() > LAST_USED_PRECISION_MS)
      await this.noteUse(row.id);
    return toViewer(row);
  }

  private async read(sessionIds: string[], keyIds: string[], keyDigests: string[]): Promise<Row[]> {
    const { rows } = await this.kernel.database.systemPool.query<Row>({
      name: 'read-credentials',
      text: READ_CREDENTIALS,
      values: [sessionIds, keyIds, keyDigests],
    });
    return rows;
  }

  private async noteUse(keyId: string): Promise<void> {
    try {
      await this.kernel.transactions.system(
        ({ tx }) => tx.$executeRaw`
          UPDATE api_keys SET last_used_at = now()
          WHERE id = ${keyId}::uuid AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
      );
    } catch (error) {
      this.kernel.log.warn({ err: error, keyId }, 'the last use of an API key could not be noted');
    }
  }
}

function toViewer(row: Row): Viewer {
  return {
    userId: row.user_id,
    userKind: row.user_kind,
    orgId: row.org_id,
    role: row.built_in_role ?? row.custom_role_id ?? '',
    permissions: permissionsOf(row),
    credential: { kind: row.kind, id: row.id, expiresAt: row.expires_at?.getTime() ?? null },
  };
}

/** What the role allows, narrowed to the scopes of the key; a key without scopes may do all that its principal may. */
function permissionsOf(row: Pick<Row, 'built_in_role' | 'custom_permissions' | 'scopes'>): readonly Permission[] {
  const ofRole = row.built_in_role
    ? BUILT_IN_ROLES[row.built_in_role]
    : (row.custom_permissions ?? []).filter(isPermission);
  const { scopes } = row;
  return scopes?.length ? ofRole.filter((permission) => scopes.includes(permission)) : ofRole;
}
