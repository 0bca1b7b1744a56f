import { Cron } from 'croner';

/** When a schedule's time comes. */
export interface Timing {
  timing: 'CRON' | 'INTERVAL' | 'ONCE';
  cron: string | null;
  timeZone: string;
  everyMs: number | null;
  startsAt: Date;
}

/**
 * The next time behind `after`, or null where there is none. A time of day that a clock put forward leaves out comes at the
 * moment at which it is put forward; one that comes twice, as clocks are put back, counts once, unless the expression is of every
 * hour or minute. Pure.
 */
export function nextTime({ timing, cron, timeZone, everyMs, startsAt }: Timing, after: Date): Date | null {
  if (timing === 'ONCE') return startsAt.getTime() > after.getTime() ? startsAt : null;
  if (timing === 'INTERVAL') {
    const every = everyMs ?? 0;
    const passed = Math.floor((after.getTime() - startsAt.getTime()) / every) + 1;
    return new Date(startsAt.getTime() + Math.max(0, passed) * every);
  }
  // A moment before the start, so that the start itself can be one of its times.
  const from = Math.max(after.getTime(), startsAt.getTime() - 1);
  return cronOf(cron ?? '', timeZone).nextRun(new Date(from));
}

/** The next times behind `after`, so many at most. */
export function nextTimes(timing: Timing, after: Date, count: number): Date[] {
  const times: Date[] = [];
  for (let at = nextTime(timing, after); at && times.length < count; at = nextTime(timing, at)) times.push(at);
  return times;
}

const cronOf = (expression: string, timeZone: string): Cron =>
  new Cron(expression, { timezone: timeZone, paused: true, mode: '5-part' });

/** What is wrong with a cron expression, in words; null where nothing is. */
export function cronProblem(expression: string): string | null {
  try {
    const isEver = cronOf(expression, 'UTC').nextRun(new Date()) !== null;
    return isEver ? null : 'Its time never comes';
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/^\w+: ?/, '') : '';
    return `It cannot be read: minute, hour, day of the month, month, day of the week. ${said}`.trim();
  }
}

/** Whether there is such a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** How late a time may be met and still count as met in time, in milliseconds. */
export const IN_TIME_MS = 60_000;

/** What is done about the times that have come. */
export interface Due {
  /** Those of which there is to be a task, in order. */
  run: Date[];
  /** How many pass without one. */
  skipped: number;
}

/**
 * Which of the times that have come are to have a task. A time is missed where nobody was there to meet it within a minute. Pure.
 * @param times In order, all of them at `now` or before.
 */
export function dueOf(times: readonly Date[], now: Date, missedRuns: 'SKIP' | 'RUN_ONCE' | 'RUN_ALL'): Due {
  if (missedRuns === 'RUN_ALL') return { run: [...times], skipped: 0 };
  const inTime = times.filter((time) => now.getTime() - time.getTime() <= IN_TIME_MS);
  const run = missedRuns === 'RUN_ONCE' && inTime.length === 0 ? times.slice(-1) : inTime;
  return { run: [...run], skipped: times.length - run.length };
}
