import { newId } from '#core/id';
import { redactCredentials } from '#core/job/error-summary';
import type { Logger } from '#core/log';
import { toStorable } from '#core/storable-text';
import type { TaskExecution } from '#prisma/generated/client';
import { taskEvent } from '../event/task-event.ts';
import type { ClaimedJob } from './claim.ts';
import { EXECUTION_COLUMNS } from './row.ts';
import { executionChanged, type TaskWriter } from './task-writer.ts';

/** What one attempt keeps: more than anybody reads. */
const MAX_LINES = 500;
const MAX_CHARACTERS = 1_000;
/** How often it is written at most, in milliseconds. */
const EVERY_MS = 250;

interface Line {
  id: string;
  level: string;
  text: string;
  at: Date;
}

/** What an attempt says while it works, written some at a time; that of one that was taken over is not written any more. */
export class ExecutionLog {
  private lines: Line[] = [];
  private state: { fraction: number; note: string | null } | null = null;
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly writer: TaskWriter,
    private readonly claimed: ClaimedJob,
    private readonly log: Logger,
  ) {}

  add(level: 'INFO' | 'WARN', text: string): void {
    this.count += 1;
    if (this.count > MAX_LINES) return;
    const kept = this.count === MAX_LINES ? 'There is more, which is not kept.' : redactCredentials(toStorable(text));
    this.lines.push({ id: newId(), level, text: kept.slice(0, MAX_CHARACTERS), at: new Date() });
    this.schedule();
  }

  progress(fraction: number, note?: string): void {
    this.state = { fraction: Math.min(1, Math.max(0, fraction)), note: note?.slice(0, MAX_CHARACTERS) ?? null };
    this.schedule();
  }

  /** Writes what is left. What cannot be written is lost, and the attempt is not. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.writing;
    await this.flush();
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.writing = this.writing.then(() => this.flush());
    }, EVERY_MS);
  }

  private async flush(): Promise<void> {
    const { lines, state } = this;
    if (lines.length === 0 && !state) return;
    this.lines = [];
    this.state = null;
    try {
      await this.write(lines, state);
    } catch (error) {
      this.log.warn({ err: error, executionId: this.claimed.execution.id }, 'what an attempt had to say was lost');
    }
  }

  private write(lines: Line[], state: ExecutionLog['state']): Promise<void> {
    const { job, execution } = this.claimed;
    const task = { id: job.taskId, orgId: job.orgId };
    return this.writer.write(async ({ tx, tell }) => {
      const [held] = await tx.$queryRawUnsafe<TaskExecution[]>(
        HELD,
        execution.id,
        job.fence,
        state?.fraction ?? null,
        state?.note ?? null,
      );
      if (!held) return;
      if (lines.length > 0) {
        await tx.$executeRaw`
          INSERT INTO task_execution_logs (id, org_id, execution_id, level, text, at)
          SELECT l.id, ${job.orgId}::uuid, ${execution.id}::uuid, l.level, l.text, l.at
          FROM unnest(${lines.map(({ id }) => id)}::uuid[], ${lines.map(({ level }) => level)}::text[],
                      ${lines.map(({ text }) => text)}::text[], ${lines.map(({ at }) => at)}::timestamptz[])
            AS l(id, level, text, at)`;
        tell(...lines.map((line) => taskEvent(task, 'TaskLogAdded', { executionId: execution.id, line })));
      }
      if (state) tell(executionChanged(held));
    });
  }
}

/** Only while the claim holds. */
const HELD = `
  UPDATE task_executions SET progress = coalesce($3::float8, progress), note = coalesce($4::text, note)
  WHERE id = $1::uuid AND fence = $2::int AND state = 'RUNNING' RETURNING ${EXECUTION_COLUMNS}`;
