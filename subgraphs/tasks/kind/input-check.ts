import type { FieldProblem } from '#core/error';
import { requirePermission, type Viewer } from '#core/viewer';
import type { TaskKinds } from './catalog.ts';
import { isComposite, type PlannedJob, type WorkKind } from './kind.ts';
import { isOpen } from './placeholder.ts';

/** Problems that one answer lists. */
const MAX_LISTED = 20;

interface Read {
  position: number;
  input: unknown;
}

/** Looks at what jobs are to be given, before any of it is accepted. */
export class InputCheck {
  constructor(private readonly kinds: TaskKinds) {}

  /**
   * What is wrong with the inputs of jobs.
   * @param pathOf Where the input of a job stands in what was sent.
   * @param mayBeOpen Whether parts of it are filled in later: of those nothing can be said.
   * @throws ParleyError `FORBIDDEN` where the viewer may not do himself what is to be done for him
   */
  async problems(
    viewer: Viewer,
    jobs: readonly PlannedJob[],
    pathOf: (position: number) => string,
    mayBeOpen: boolean,
  ): Promise<FieldProblem[]> {
    const found: FieldProblem[] = [];
    const read = new Map<WorkKind, Read[]>();
    for (const [position, { kind: name, input }] of jobs.entries()) {
      const kind = this.kinds.get(name);
      if (!kind || isComposite(kind)) {
        found.push({ path: pathOf(position), message: `There is no kind of work ${name} that can be a part of it.` });
        continue;
      }
      for (const permission of kind.needs) requirePermission(viewer, permission);
      const parsed = kind.input.safeParse(input);
      const list = read.get(kind) ?? [];
      if (parsed.success) list.push({ position, input: parsed.data });
      read.set(kind, list);
      for (const { path, message } of parsed.error?.issues ?? []) {
        if (mayBeOpen && isOpen(valueAt(input, path))) continue;
        const whole = [pathOf(position), ...path.map(String)].join('.');
        found.push({ path: whole, message: message.endsWith('.') ? message : `${message}.` });
      }
      if (found.length >= MAX_LISTED) return found;
    }
    for (const [kind, list] of read) {
      const problems =
        (await kind.problems?.(
          list.map(({ input }) => input),
          viewer,
        )) ?? [];
      for (const [index, problem] of problems.entries()) {
        const position = list[index]?.position ?? 0;
        if (problem) found.push({ path: `${pathOf(position)}.${problem.path}`, message: problem.message });
      }
    }
    return found.slice(0, MAX_LISTED);
  }
}

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
