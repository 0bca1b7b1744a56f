import { createContext, Script } from 'node:vm';

const context = createContext({ work: null });
const script = new Script('work()');

/** Work that people wrote, such as an expression, has not ended in time. */
export class WorkTooLong extends Error {
  constructor(ms: number) {
    super(`It has not ended within ${ms} ms.`);
    this.name = 'WorkTooLong';
  }
}

/**
 * Does something that ends at once or not at all, and holds the process while it lasts: it is stopped after `ms`, also in
 * the middle of a regular expression.
 * @throws WorkTooLong; whatever `work` throws
 */
export function doWithin<T>(ms: number, work: () => T): T {
  const before = context.work;
  context.work = work;
  try {
    return script.runInContext(context, { timeout: ms });
  } catch (error) {
    if ((error as { code?: string } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new WorkTooLong(ms);
    throw error;
  } finally {
    context.work = before;
  }
}
