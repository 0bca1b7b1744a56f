import { z } from 'zod';
import { readMoment } from '#core/graphql/pagination';
import { isId } from '#core/id';
import type { Prisma } from '#prisma/generated/client';
import { AGENT_KINDS, storable } from './agent-definition.ts';

const STATUSES = ['DRAFT', 'PUBLISHED', 'ARCHIVED'] as const;

export type AgentStatus = (typeof STATUSES)[number];

const MAX_SEARCH = 200;

/** Which agents a list holds. */
export const agentFilter = z.object({
  search: z
    .string()
    .max(MAX_SEARCH, `It must have at most ${MAX_SEARCH} characters`)
    .refine(storable, 'It holds characters that no agent has')
    .trim()
    .nullish(),
  status: z.enum(STATUSES).nullish(),
  kind: z.enum(AGENT_KINDS).nullish(),
  includeArchived: z.boolean().nullish(),
});

export type AgentFilter = z.output<typeof agentFilter>;

/** Where a list of agents goes on. */
export interface AgentCursor {
  createdAt: Date;
  id: string;
}

/** Takes the content of a cursor apart; null where it is not of a list of agents. */
export function parseAgentCursor([createdAt, id, ...rest]: string[]): AgentCursor | null {
  const at = readMoment(createdAt);
  return at && isId(id) && rest.length === 0 ? { createdAt: at, id } : null;
}

/** What comes after the cursor, newest first. */
export const isBelow = ({ createdAt, id }: AgentCursor): Prisma.AgentWhereInput => ({
  createdAt: { lte: createdAt },
  OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }],
});

/** The filter as a condition on rows. */
export function toWhere({ search, status, kind, includeArchived }: AgentFilter): Prisma.AgentWhereInput {
  const byStatus: Record<AgentStatus, Prisma.AgentWhereInput> = {
    DRAFT: { archivedAt: null, publishedVersionId: null },
    PUBLISHED: { archivedAt: null, publishedVersionId: { not: null } },
    ARCHIVED: { archivedAt: { not: null } },
  };
  const inState = status ? byStatus[status] : includeArchived ? {} : { archivedAt: null };
  const matching = kind ? { ...inState, kind } : inState;
  if (!search) return matching;
  // `contains` takes % and _ for wildcards.
  const literal = search.replace(/[\\%_]/g, '\\$&');
  const matches = { contains: literal, mode: 'insensitive' as const };
  return { ...matching, OR: [{ name: matches }, { description: matches }] };
}
