import type { Database } from '#core/database/database';
import type { ToolSource } from '#core/tool/tool.port';
import type { Viewer } from '#core/viewer';
import type { StepRecord } from '../orchestration/step.ts';

/** Calls of tools that are told of at most, of one run or of all that are looked at together. */
const MAX_TOLD = 100;

/** What a call fails with before its tool has begun. */
const NOT_MADE = ['UNKNOWN_TOOL', 'INVALID_ARGUMENTS', 'REFUSED'];

/**
 * The calls within runs whose tools may have done something that stays, in the order they were made. A tool that is
 * there no more may have done anything.
 */
export async function sideEffectsOf(
  runIds: readonly string[],
  viewer: Viewer,
  { database, tools }: { database: Database; tools: ToolSource },
): Promise<StepRecord[]> {
  if (runIds.length === 0) return [];
  const rows = await database.scoped.step.findMany({
    where: { runId: { in: [...runIds] }, kind: 'TOOL', state: { not: 'WAITING' } },
    orderBy: { id: 'asc' },
    take: MAX_TOLD,
  });
  if (rows.length === 0) return [];
  const unasked = await database.scoped.approval.findMany({
    where: { stepId: { in: rows.map(({ id }) => id) }, state: { not: 'APPROVED' } },
    select: { stepId: true },
  });
  const refused = new Set(unasked.map(({ stepId }) => stepId));
  const found = await tools.find([...new Set(rows.map(({ name }) => name))], viewer);
  const harmless = new Set(found.filter(({ effect }) => effect === 'NONE').map(({ name }) => name));
  return (rows as unknown as StepRecord[]).filter(
    ({ id, name, error }) => !harmless.has(name) && !refused.has(id) && !NOT_MADE.includes(error?.code ?? ''),
  );
}
