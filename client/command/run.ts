import type { InteractiveChat } from '../interactive.ts';
import { localTime } from '../moment.ts';
import type { Run } from '../operation.ts';
import { readCount } from '../recent.ts';
import { type RunStep, stepTree } from '../step-tree.ts';
import { printable } from '../style.ts';
import type { Theme } from './theme.ts';

const SHOWN = 10;
/** The server gives no more of them at once. */
const MOST = 100;

const RUNS = `query Runs($id: ID!, $first: Int!) {
  conversation(id: $id) {
    runs(first: $first) { nodes { id state agent { name } usage { totalTokens } queuedAt startedAt finishedAt } }
  }
}`;

interface ListedRun {
  id: string;
  state: Run['state'];
  agent: { name: string };
  usage: { totalTokens: number } | null;
  queuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

interface RunsResult {
  conversation: { runs: { nodes: ListedRun[] } } | null;
}

const STEPS = `query Steps($id: ID!, $after: String) {
  run(id: $id) {
    steps(first: 100, after: $after) {
      nodes {
        id parentId kind name state attempt agent { name } input output decision error { code message } usage { totalTokens }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

interface StepsResult {
  run: {
    steps: {
      nodes: (RunStep & { error: { code: string } | null })[];
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
    };
  };
}

const RETRY = 'mutation Retry($input: RetryRunInput!) { retryRun(input: $input) { run { id } } }';
const REQUEUE = 'mutation Requeue($input: RequeueStepInput!) { requeueStep(input: $input) { run { id } } }';

async function listRuns(chat: InteractiveChat, typed: string): Promise<void> {
  const runs = await readRuns(chat, typed === '' ? SHOWN : readCount(typed, 'Say how many'));
  const lines = runs.map(({ state, agent, usage, ...times }, index) => {
    const tokens = usage ? `${usage.totalTokens} tokens` : 'no tokens';
    const parts = [localTime(times.queuedAt), printable(agent.name), state.toLowerCase(), tokens, ...lasted(times)];
    return `${String(index + 1).padStart(3)}  ${parts.join(', ')}`;
  });
  chat.say(lines.join('\n') || 'No agent has answered here yet.');
}

function lasted({ startedAt, finishedAt }: Pick<ListedRun, 'startedAt' | 'finishedAt'>): string[] {
  if (startedAt === null || finishedAt === null) return [];
  return [`${((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`];
}

async function showSteps(chat: InteractiveChat, typed: string): Promise<void> {
  const { id } = await runAt(chat, typed || '1');
  chat.say(stepTree(await readSteps(chat, id)).join('\n') || 'Nothing has been done in it yet.');
}

/** Goes on with the last run: what failed is done again, all else is kept. */
async function retry(chat: InteractiveChat): Promise<void> {
  const { id } = await runAt(chat, '1');
  await chat.api.mutate(RETRY, { input: { runId: id } });
}

/** Has a call of a tool done again that holds up a run: the one that /retry has named, or the one that was interrupted. */
async function requeue(chat: InteractiveChat, stepId: string): Promise<void> {
  if (stepId !== '') {
    await chat.api.mutate(REQUEUE, { input: { stepId } });
    return;
  }
  const steps = await readSteps(chat, (await runAt(chat, '1')).id);
  const step = steps.find(({ error }) => error?.code === 'TOOL_INTERRUPTED');
  if (!step) throw new Error('No step of the last run was interrupted. Give the id of the one that /retry names.');
  await chat.api.mutate(REQUEUE, { input: { stepId: step.id } });
}

async function readRuns(chat: InteractiveChat, count: number): Promise<ListedRun[]> {
  const variables = { id: chat.roomId, first: Math.min(MOST, count) };
  const { conversation } = await chat.api.query<RunsResult>(RUNS, variables);
  return conversation?.runs.nodes ?? [];
}

/** The N-th last run. @throws Error with a sentence for the user */
async function runAt(chat: InteractiveChat, typed: string): Promise<ListedRun> {
  const number = readCount(typed, 'Runs are counted from the last one, which is 1');
  const run = (await readRuns(chat, number))[number - 1];
  if (!run) throw new Error(number === 1 ? 'No agent has answered here yet.' : 'There are not so many: /runs.');
  return run;
}

async function readSteps(chat: InteractiveChat, runId: string) {
  const steps: StepsResult['run']['steps']['nodes'] = [];
  for (let after: string | null = null; ; ) {
    const { run }: StepsResult = await chat.api.query<StepsResult>(STEPS, { id: runId, after });
    steps.push(...run.steps.nodes);
    if (!run.steps.pageInfo.hasNextPage) return steps;
    after = run.steps.pageInfo.endCursor;
  }
}

export const RUN: Theme = {
  title: 'Runs, in which agents answer',
  commands: [
    {
      usage: '/cancel',
      does: 'stop the reply that is being written (Ctrl-C; once more leaves)',
      run: (chat) => chat.cancelRuns(),
    },
    { usage: '/runs [COUNT]', does: `the last runs (${SHOWN}) with their state and tokens`, run: listRuns },
    { usage: '/steps [R]', does: 'what was done in a run, as a tree', run: showSteps },
    { usage: '/retry', does: 'do again what failed in the last run, and keep the rest', run: retry },
    {
      usage: '/requeue [ID]',
      does: 'do a call of a tool again that was interrupted or that /retry names, once you know it may be',
      run: requeue,
    },
  ],
};
