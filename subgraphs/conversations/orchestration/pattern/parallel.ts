import type { ParallelTeam } from '#core/agent/team-definition';
import { settleInOrder } from '../in-order.ts';
import { type NodeOutput, workAtNode } from '../node-work.ts';
import { BranchStopped, StepFailure, Suspended } from '../run-signal.ts';
import type { VisitOutput } from '../visit.ts';
import { merge } from './merge.ts';
import { inputText, type Team, textInput } from './team.ts';
import { fillTemplate } from './template.ts';

/** A branch that has ended: with what it put out, or how it failed. Null where it was stopped or did not begin. */
type Branch = { output: NodeOutput } | { failure: StepFailure } | null;

/** Several nodes at once, each for itself. What has finished is kept whatever becomes of the others. */
export async function parallel(team: Team, flow: ParallelTeam): Promise<VisitOutput> {
  const branches = await workInBranches(team, flow);
  const finished = branches.flatMap((branch) => (branch && 'output' in branch ? [branch.output] : []));
  const failed = branches.flatMap((branch, index) =>
    branch && 'failure' in branch ? [{ key: flow.branches[index]?.node ?? '', failure: branch.failure }] : [],
  );
  const [first] = failed;
  if (first && (finished.length === 0 || flow.onFailure === 'FAIL_FAST')) throw first.failure;
  if (finished.length < leastOf(flow)) throw tooFew(flow, finished.length);
  for (const { key, failure } of failed) team.scope.losses.push(`${key}: ${failure.message}`);
  return merge(team, flow, finished);
}

async function workInBranches(team: Team, flow: ParallelTeam): Promise<Branch[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([team.signal, stop.signal]);
  const wanted = flow.join === 'ANY' ? 1 : flow.join === 'N_OF_M' ? (flow.joinCount ?? 1) : Number.POSITIVE_INFINITY;
  // What an earlier attempt has finished counts at once: the others are not begun again for nothing.
  let successes = 0;
  const isDone = (index: number) =>
    triesOf(flow, index).some((place) => team.scope.journal.find(team.path + place)?.state === 'SUCCEEDED');
  const enough = flow.branches.filter((_, index) => isDone(index)).length >= wanted;
  const given = await inputText(team);
  const settled = await settleInOrder(flow.branches, team.allowance.bound('maxParallel'), async (branch, index) => {
    if (stop.signal.aborted || (enough && !isDone(index))) return null;
    const input = branch.mapping === null ? team.input : textInput(fillTemplate(branch.mapping, given, new Map()));
    try {
      const output = await tryBranch(team, flow, { key: branch.node, index, input, signal });
      successes += 1;
      if (successes >= wanted) stop.abort(new BranchStopped());
      return { output };
    } catch (error) {
      if (stop.signal.aborted && !team.signal.aborted) return null;
      if (!(error instanceof StepFailure)) throw error;
      if (flow.onFailure === 'FAIL_FAST') stop.abort(new BranchStopped());
      return { failure: error };
    }
  });
  const thrown = settled.filter((each) => each.status === 'rejected').map(({ reason }): unknown => reason);
  // Whoever waits for a person is not waited for where the others have decided how it goes on.
  const isOver = enough || stop.signal.aborted;
  const ends = thrown.filter((error) => !(error instanceof Suspended));
  if (ends.length > 0) throw ends[0];
  if (thrown.length > 0 && !isOver) throw thrown[0];
  return settled.map((each, index) => {
    const branch = each.status === 'fulfilled' ? each.value : null;
    if (!branch) team.scope.journal.withdraw(`${team.path}branch/${index}`);
    return branch;
  });
}

/** The places of a branch: of its first try, and of each further one. */
const triesOf = ({ branchRetries }: ParallelTeam, index: number): string[] =>
  Array.from({ length: branchRetries + 1 }, (_, retry) =>
    retry === 0 ? `branch/${index}` : `branch/${index}/retry${retry}`,
  );

interface BranchWork {
  key: string;
  index: number;
  input: Team['input'];
  signal: AbortSignal;
}

/** A branch that fails is begun again as often as the team allows, each time as a step of its own. */
async function tryBranch(
  team: Team,
  flow: ParallelTeam,
  { key, index, input, signal }: BranchWork,
): Promise<NodeOutput> {
  const work = (place: string) => workAtNode(team, { node: team.node(key), key: place, input, signal });
  const places = triesOf(flow, index);
  for (const place of places.slice(0, -1)) {
    try {
      return await work(place);
    } catch (error) {
      if (!(error instanceof StepFailure) || signal.aborted) throw error;
    }
  }
  return work(places.at(-1) as string);
}

function leastOf({ join, joinCount, onFailure, branches }: ParallelTeam): number {
  if (join === 'N_OF_M') return joinCount ?? 1;
  // With COLLECT those that failed are told of, and the rest counts.
  return join === 'ALL' && onFailure === 'FAIL_FAST' ? branches.length : 1;
}

const tooFew = (flow: ParallelTeam, count: number) =>
  new StepFailure({
    code: 'TOO_FEW_BRANCHES',
    message: `Only ${count} of ${flow.branches.length} branches succeeded: ${leastOf(flow)} have to.`,
    retryable: true,
  });
