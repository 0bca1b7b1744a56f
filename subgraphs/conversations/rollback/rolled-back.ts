import type { Database } from '#core/database/database';
import type { Message } from '#prisma/generated/client';

/** Which of the runs that wrote these messages were taken back. */
export async function rolledBackRuns(
  { scoped }: Database,
  rows: readonly Pick<Message, 'runId'>[],
): Promise<Set<string>> {
  const ids = [...new Set(rows.flatMap(({ runId }) => runId ?? []))];
  if (ids.length === 0) return new Set();
  const runs = await scoped.run.findMany({
    where: { id: { in: ids }, rolledBackAt: { not: null } },
    select: { id: true },
  });
  return new Set(runs.map(({ id }) => id));
}
