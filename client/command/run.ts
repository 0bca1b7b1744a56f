import type { InteractiveChat } from '../interactive.ts';
import type { Theme } from './theme.ts';

const LAST_RUN = `query LastRun($id: ID!) {
  conversation(id: $id) { runs(first: 1) { nodes { id steps(first: 100) { nodes { id name error { code } } } } } }
}`;

interface LastRun {
  id: string;
  steps: { nodes: { id: string; name: string; error: { code: string } | null }[] };
}

interface LastRunResult {
  conversation: { runs: { nodes: LastRun[] } } | null;
}

const RETRY = 'mutation Retry($input: RetryRunInput!) { retryRun(input: $input) { run { id } } }';
const REQUEUE = 'mutation Requeue($input: RequeueStepInput!) { requeueStep(input: $input) { run { id } } }';

/** Goes on with the last run: what failed is done again, all else is kept. */
async function retry(chat: InteractiveChat): Promise<void> {
  const { id } = await lastRun(chat);
  await chat.api.mutate(RETRY, { input: { runId: id } });
}

/** Has a call of a tool done again that was interrupted: nobody knows whether it had its effect. */
async function requeue(chat: InteractiveChat): Promise<void> {
  const { steps } = await lastRun(chat);
  const step = steps.nodes.find(({ error }) => error?.code === 'TOOL_INTERRUPTED');
  if (!step) throw new Error('No step of the last run was interrupted: /retry does again what failed.');
  await chat.api.mutate(REQUEUE, { input: { stepId: step.id } });
}

async function lastRun(chat: InteractiveChat): Promise<LastRun> {
  const { conversation } = await chat.api.query<LastRunResult>(LAST_RUN, { id: chat.roomId });
  const run = conversation?.runs.nodes[0];
  if (!run) throw new Error('No agent has answered here yet.');
  return run;
}

export const RUN: Theme = {
  title: 'Runs, in which agents answer',
  commands: [
    {
      usage: '/cancel',
      does: 'stop the reply that is being written (Ctrl-C; once more leaves)',
      run: (chat) => chat.cancelRuns(),
    },
    { usage: '/retry', does: 'do again what failed in the last run, and keep the rest', run: retry },
    {
      usage: '/requeue',
      does: 'do a call of a tool again that was interrupted, once you know it may be',
      run: requeue,
    },
  ],
};
