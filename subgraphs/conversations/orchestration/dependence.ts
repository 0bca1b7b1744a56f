import type { Run, Step } from '#prisma/generated/client';
import { isInterrupted } from './interruption.ts';

/** What of a step says whether a retry does it again. */
export type LoggedStep = Pick<Step, 'id' | 'key' | 'kind' | 'effect' | 'state' | 'error' | 'startedAt' | 'finishedAt'>;

/**
 * Whether a step that began after another had failed may rest on it: not where the two lie in branches, or in calls of
 * one turn, that were begun side by side. Both are given by their keys. Pure.
 */
export function mayRestOn(key: string, failed: string): boolean {
  const [one, other] = [key.split('/'), failed.split('/')];
  const at = one.findIndex((part, index) => part !== other[index]);
  if (at < 1) return true;
  const [left = '', right = ''] = [one[at], other[at]];
  if (one[at - 1] === 'branch') return right === '';
  if (one[at - 1] === 'tool') return left.split('.')[0] !== right.split('.')[0];
  return true;
}

/**
 * The ids of the steps that a retry does again: those that the run failed by, what they are a part of, and what rests on
 * them. What failed and was gone on from is kept with what came of it; of a run that is PARTIAL, lost parts are done again.
 * Pure.
 * @param requeuedId A step that is done again whatever became of it.
 */
export function stepsToRepeat(
  steps: readonly LoggedStep[],
  run: Pick<Run, 'state' | 'error'>,
  requeuedId?: string,
): Set<string> {
  const log = new Log(steps, run);
  const causes = steps.filter((step) => step.id === requeuedId || log.isCause(step));
  const again = steps.filter((step) =>
    causes.some(
      (each) =>
        each === step ||
        each.key.startsWith(`${step.key}/`) ||
        (step.startedAt >= (each.finishedAt ?? each.startedAt) && mayRestOn(step.key, each.key)),
    ),
  );
  return new Set(again.map(({ id }) => id));
}

/** Whether doing the step again may do harm, so that a person has to say so. */
export const mustBeRequeued = (step: LoggedStep): boolean =>
  isInterrupted(step) || (step.effect === 'ONCE' && (step.state === 'SUCCEEDED' || codeOf(step) === 'TIMED_OUT'));

const codeOf = ({ error }: { error: unknown }) => (error as { code?: string } | null)?.code;

class Log {
  private readonly succeeded: readonly LoggedStep[];

  constructor(
    private readonly steps: readonly LoggedStep[],
    private readonly run: Pick<Run, 'state' | 'error'>,
  ) {
    this.succeeded = steps.filter((step) => step.state === 'SUCCEEDED' && !this.isClosing(step));
  }

  isCause(step: LoggedStep): boolean {
    if (step.state === 'SUCCEEDED') return this.isUnfit(step) || this.isClosing(step);
    return step.state === 'FAILED' && !this.isKept(step);
  }

  private isKept(failed: LoggedStep): boolean {
    if (this.wasTold(failed) || this.wasMadeUpFor(failed)) return true;
    // A part that was lost, but no branch that others have made superfluous.
    if (this.run.state === 'PARTIAL') return this.above(failed).some(({ state }) => state === 'CANCELLED');
    return this.above(failed).some(({ state }) => state === 'SUCCEEDED') || this.wasGoneOnFrom(failed);
  }

  /** The model that called it knows of it: its next turn has succeeded. A call that may have done harm is never repeated. */
  private wasTold(failed: LoggedStep): boolean {
    if (failed.effect === 'ONCE' && !isInterrupted(failed) && codeOf(failed) !== 'REFUSED') return true;
    return placesOf(failed.key, 'tool').some(({ before, at }) =>
      this.succeeded.some(({ key }) => {
        const place = `${before}model/`;
        return key.startsWith(place) && Number(key.slice(place.length)) > Math.floor(Number(at));
      }),
    );
  }

  /** Another try at the same place, or a fallback, has succeeded. */
  private wasMadeUpFor(failed: LoggedStep): boolean {
    const places = [...placesOf(failed.key, 'branch'), ...placesOf(failed.key, 'step')];
    return places.some(({ place }) =>
      this.succeeded.some(({ key }) => {
        const isOther = failed.key !== key && !failed.key.startsWith(`${key}/`);
        return isOther && key.startsWith(place) && /^\/(retry\d+|fallback)$/.test(key.slice(place.length));
      }),
    );
  }

  private wasGoneOnFrom({ key, startedAt, finishedAt }: LoggedStep): boolean {
    const since = finishedAt ?? startedAt;
    return this.succeeded.some((step) => step.startedAt >= since && mayRestOn(step.key, key));
  }

  /** What a run that met its limit said in place of an answer. */
  private isClosing({ key }: LoggedStep): boolean {
    return this.run.state === 'LIMIT_REACHED' && key === 'closing';
  }

  /** An answer that is not of the form it was to have: nothing failed but what was said. */
  private isUnfit({ key, kind }: LoggedStep): boolean {
    if (kind !== 'MODEL') return false;
    const repair = this.succeeded.find((step) => /(^|\/)repair$/.test(step.key) && key.startsWith(baseOf(step.key)));
    if (!repair) return false;
    const owner = this.above(repair).at(-1);
    const isRefused = codeOf(owner ?? this.run) === 'OUTPUT_INVALID' && !(owner && this.isKept(owner));
    return isRefused && (key === repair.key || key === this.lastAnswer(baseOf(repair.key)));
  }

  private lastAnswer(base: string): string | undefined {
    const turns = this.steps.filter(({ key }) => /^model\/\d+$/.test(key.slice(base.length)) && key.startsWith(base));
    const turnOf = ({ key }: LoggedStep) => Number(key.slice(`${base}model/`.length));
    return turns.sort((a, b) => turnOf(a) - turnOf(b)).at(-1)?.key;
  }

  /** What a step is a part of, from the outside in. */
  private above({ key }: LoggedStep): LoggedStep[] {
    const holders = this.steps.filter((step) => key.startsWith(`${step.key}/`));
    return holders.sort((a, b) => a.key.length - b.key.length);
  }
}

const baseOf = (key: string) => key.slice(0, key.lastIndexOf('/') + 1);

interface Place {
  /** The key up to the word. */
  before: string;
  /** What follows the word, such as `1.0` behind `tool`. */
  at: string;
  /** All of it. */
  place: string;
}

/** The places within a key that begin with a word. */
function placesOf(key: string, word: string): Place[] {
  const parts = key.split('/');
  return parts.flatMap((part, index) => {
    const at = parts[index + 1];
    if (part !== word || at === undefined) return [];
    const before = parts
      .slice(0, index)
      .map((each) => `${each}/`)
      .join('');
    return [{ before, at, place: `${before}${word}/${at}` }];
  });
}
