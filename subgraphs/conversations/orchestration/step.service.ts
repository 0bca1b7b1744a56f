import type { Database } from '#core/database/database';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId } from '#core/id';
import type { Viewer } from '#core/viewer';
import type { Prisma } from '#prisma/generated/client';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import type { RunService } from '../run.service.ts';
import type { StepRecord } from './step.ts';

/** What was done within runs. */
export class StepService {
  constructor(
    private readonly database: Database,
    private readonly runs: RunService,
  ) {}

  /** The step, where the viewer may read the room of its run; null elsewhere. */
  async find(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<StepRecord | null> {
    if (!isId(id)) return null;
    const row = await this.database.scoped.step.findFirst({ where: { id } });
    if (!row || !(await this.runs.find(viewer, row.runId, loaders))) return null;
    return row as unknown as StepRecord;
  }

  /** The steps of a run that the viewer may read, in the order they were made. */
  async list<Node>(runId: string, args: PageArgs, present: (row: StepRecord) => Node): Promise<Page<Node>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 's' && id && isId(id) ? id : null) });
    const [order, side] = request.direction === 'forward' ? (['asc', 'gt'] as const) : (['desc', 'lt'] as const);
    const where: Prisma.StepWhereInput = { runId };
    const rows = await this.database.scoped.step.findMany({
      where: { ...where, ...(request.cursor !== null && { id: { [side]: request.cursor } }) },
      orderBy: { id: order },
      take: request.limit + 1,
    });
    return toPage(request, rows as unknown as StepRecord[], {
      cursorOf: (row) => encodeCursor('s', row.id),
      present,
      totalCount: () => this.database.scoped.step.count({ where }),
    });
  }
}
