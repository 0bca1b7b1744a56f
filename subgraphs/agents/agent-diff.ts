import { structuredPatch } from 'diff';
import { type AgentContent, agentFields } from './agent-definition.ts';
import { inOrder, isSameLeaf, leavesOf } from './agent-leaves.ts';

export type ChangeKind = 'ADDED' | 'REMOVED' | 'CHANGED';

export type LineKind = 'CONTEXT' | 'ADDED' | 'REMOVED';

/** Lines that changed together, with up to three unchanged ones around them. Line numbers begin at 1. */
export interface DiffHunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  lines: { kind: LineKind; text: string }[];
}

/** One setting that differs. `before` is null where it was ADDED, `after` where it was REMOVED. */
export interface AgentChange {
  /** Such as `definition.instructions`, `definition.metadata.team` or `definition.team.nodes.writer.version`. */
  path: string;
  kind: ChangeKind;
  before: unknown;
  after: unknown;
  /** Of long text and of schemas; null for other values, and where comparing the texts by line would take too long. */
  readonly hunks: DiffHunk[] | null;
}

/** A text with a line break, or longer than this many characters, is compared by line. */
const LONG_TEXT = 120;
const CONTEXT_LINES = 3;
/** How many lines may differ in one comparison. */
const MAX_DIFFERING_LINES = 2_000;
/** For how many ms the process may be busy with one comparison, and with all of one request. */
const MAX_MS = 50;
const MAX_MS_IN_ALL = 200;

/** What comparing by line may still take, in ms: shared by all comparisons of a request. */
export interface DiffTime {
  leftMs: number;
}

export const diffTime = (): DiffTime => ({ leftMs: MAX_MS_IN_ALL });

const LINE_KINDS: Record<string, LineKind | undefined> = { ' ': 'CONTEXT', '+': 'ADDED', '-': 'REMOVED' };

/** Whether both would make the same agent. */
export const isSameContent = (one: AgentContent, other: AgentContent): boolean => changedPaths(one, other).length === 0;

/** The settings that differ, in the order of the definition. */
export const changedPaths = (before: AgentContent, after: AgentContent): string[] =>
  [...differences(before, after)].map((difference) => difference.path);

/** Setting by setting, what leads from one content to another; empty where they are alike. Lines are compared when asked for. */
export const diffContent = (before: AgentContent, after: AgentContent, time = diffTime()): AgentChange[] =>
  [...differences(before, after)].map((difference) => ({
    ...difference,
    get hunks() {
      return diffLines(difference.before, difference.after, time);
    },
  }));

function* differences(before: AgentContent, after: AgentContent): Generator<Omit<AgentChange, 'hunks'>> {
  const old = leavesOf(before);
  const now = leavesOf(after);
  for (const path of [...new Set([...old.keys(), ...now.keys()])].sort(bySetting)) {
    const [was, is] = [old.get(path) ?? null, now.get(path) ?? null];
    if (isSameLeaf(was, is)) continue;
    yield { path, kind: was === null ? 'ADDED' : is === null ? 'REMOVED' : 'CHANGED', before: was, after: is };
  }
}

/** The database does not keep the order of keys, so it is made anew. */
const bySetting = (one: string, other: string): number => rankOf(one) - rankOf(other) || (one < other ? -1 : 1);

const SETTINGS = Object.keys(agentFields.shape);

const rankOf = (path: string): number => SETTINGS.indexOf(path.replace('definition.', '').split('.')[0] ?? '');

const isLong = (value: unknown): boolean =>
  typeof value === 'string' ? value.length > LONG_TEXT || value.includes('\n') : isObject(value);

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

function diffLines(before: unknown, after: unknown, time: DiffTime): DiffHunk[] | null {
  if ((!isLong(before) && !isLong(after)) || time.leftMs <= 0) return null;
  const since = performance.now();
  const patch = structuredPatch('', '', toText(before), toText(after), '', '', {
    context: CONTEXT_LINES,
    maxEditLength: MAX_DIFFERING_LINES,
    timeout: Math.min(MAX_MS, time.leftMs),
  });
  time.leftMs -= performance.now() - since;
  if (!patch) return null;
  return patch.hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => ({
    oldStart,
    oldLines,
    newStart,
    newLines,
    // A line that begins otherwise is a remark of the format, about a missing line break at the end.
    lines: lines.flatMap((line) => {
      const kind = LINE_KINDS[line.slice(0, 1)];
      return kind ? [{ kind, text: line.slice(1) }] : [];
    }),
  }));
}

const toText = (value: unknown): string =>
  typeof value === 'string' ? value : isObject(value) ? JSON.stringify(inOrder(value), null, 2) : '';
