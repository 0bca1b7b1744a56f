import { SUBGRAPH_NAMES, type SubgraphName } from '#core/subgraph/subgraph';
import { StartError } from './start-error.ts';

/** What a process can do: be the entry, serve a subgraph, or run jobs. */
export const ROLES = ['gateway', 'worker', ...SUBGRAPH_NAMES] as const;

export type Role = (typeof ROLES)[number];

const isRole = (value: string): value is Role => ROLES.includes(value as Role);

export const isSubgraphRole = (role: Role): role is SubgraphName => SUBGRAPH_NAMES.includes(role as SubgraphName);

/**
 * The roles of `--roles gateway,agents`; all of them without it.
 * @throws StartError where the command line cannot be understood.
 */
export function readRoles(args: string[]): ReadonlySet<Role> {
  const index = args.findIndex((arg) => arg === '--roles' || arg.startsWith('--roles='));
  const known = index < 0 ? [] : args[index]?.includes('=') ? [args[index]] : args.slice(index, index + 2);
  const stray = args.find((arg) => !known.includes(arg));
  if (stray !== undefined)
    throw new StartError(`Unknown argument ${stray}: the only option is --roles ${ROLES.join(',')}.`);
  if (index < 0) return new Set(ROLES);
  const names = (known.at(-1) ?? '')
    .replace(/^--roles=?/, '')
    .split(',')
    .filter(Boolean);
  const unknown = names.find((name) => !isRole(name));
  if (unknown !== undefined || names.length === 0) {
    throw new StartError(`--roles takes a list of ${ROLES.join(', ')}${unknown ? `, not ${unknown}` : ''}.`);
  }
  return new Set(names.filter(isRole));
}

/** Whether a process with these roles needs no other. */
export const isWhole = (roles: ReadonlySet<Role>): boolean => ROLES.every((role) => roles.has(role));
