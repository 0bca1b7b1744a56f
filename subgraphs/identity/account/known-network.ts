import { isIPv6 } from 'node:net';
import type { Database } from '#core/database/database';

/** How long a network is remembered after a session that began there was last used, in milliseconds. */
const MEMORY_MS = 90 * 24 * 60 * 60 * 1000;
/** The networks of one account that are remembered: each may guess as often as a single stranger. */
const MAX_KNOWN = 20;
const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

/**
 * What one household or one attacker has to himself: an address of IPv4, and of IPv6 the first half, the rest of which
 * devices choose and change as they like. What is no address is returned as it is.
 */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped) return mapped;
  const address = ip.replace(/%.*$/, '');
  if (!isIPv6(address)) return ip;
  // URL writes every address in the one canonical way, as groups with at most one gap.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left = [], right = []] = canonical.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = [...left, ...Array<string>(GROUPS - left.length - right.length).fill('0'), ...right];
  return `${groups.slice(0, GROUPS_OF_NETWORK).join(':')}::/64`;
}

/**
 * Whether somebody has lately come in to the account from this network: its sessions say where they began. One that was
 * ended as somebody else's vouches for nothing.
 */
export async function isKnownNetwork(
  { systemPool }: Pick<Database, 'systemPool'>,
  email: string,
  network: string,
): Promise<boolean> {
  const { rows } = await systemPool.query<{ ip: string }>(
    `SELECT s.ip FROM sessions s JOIN users u ON u.id = s.user_id
     WHERE u.email = $1 AND s.ip IS NOT NULL AND s.last_seen_at > $2
       AND s.revoked_reason IS DISTINCT FROM 'REVOKED' AND s.revoked_reason IS DISTINCT FROM 'ACCOUNT_CLAIMED'
     GROUP BY s.ip ORDER BY max(s.last_seen_at) DESC LIMIT $3`,
    [email, new Date(Date.now() - MEMORY_MS), MAX_KNOWN],
  );
  return rows.some(({ ip }) => networkOf(ip) === network);
}
