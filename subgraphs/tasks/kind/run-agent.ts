import { z } from 'zod';
import { ParleyError } from '#core/error';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';
import { defineWork, failure, type WorkContext, type WorkEnd } from './kind.ts';

const MAX_TEXT = 100_000;
/** Agents that are looked up with one call. */
const ASKED_AT_ONCE = 50;

const input = z.object({
  agentId: z.uuid('It must be the id of an agent or a team').describe('The agent or team that works.'),
  text: z
    .string()
    .refine((text) => !text.includes('\0'), 'The character U+0000 cannot be stored')
    .refine((text) => text.trim() !== '', 'Say what it is to do')
    .max(MAX_TEXT, `At most ${MAX_TEXT.toLocaleString('en')} characters`)
    .describe('What it is told.'),
  conversationId: z
    .uuid('It must be the id of a conversation')
    .nullish()
    .default(null)
    .describe('The room in which it works; left out, each attempt has a room of its own.'),
});

/** What conversations tells of a run that was ordered. */
interface OrderedRun {
  runId: string;
  conversationId: string;
  state: string;
  text: string;
  error: { code: string; message: string; retryable: boolean } | null;
}

const FIELDS = 'runId conversationId state text error { code message retryable }';
const UNFINISHED = ['QUEUED', 'RUNNING', 'WAITING'];

/** Lets an agent or a team work, in a room, as a message of the person on whose behalf it is. The room's run does the work. */
export const runAgent = (peers: Peers) => {
  const find = async (effectId: string, viewer: Viewer, signal: AbortSignal) => {
    const query = `query ($messageId: ID!) { orderedRun(messageId: $messageId) { ${FIELDS} } }`;
    const { orderedRun } = await peers.call<{ orderedRun: OrderedRun | null }>('conversations', {
      query,
      variables: { messageId: effectId },
      viewer,
      signal,
    });
    return orderedRun;
  };
  /** Those of the agents that can answer. */
  const findAble = async (ids: readonly string[], viewer: Viewer): Promise<Set<string>> => {
    const able = new Set<string>();
    for (let from = 0; from < ids.length; from += ASKED_AT_ONCE) {
      const { agentsById } = await peers.call<{ agentsById: ({ id: string } | null)[] }>('agents', {
        query: 'query ($ids: [ID!]!) { agentsById(ids: $ids, thatAnswer: true) { id } }',
        variables: { ids: ids.slice(from, from + ASKED_AT_ONCE) },
        viewer,
      });
      for (const agent of agentsById) if (agent) able.add(agent.id);
    }
    return able;
  };
  return defineWork({
    name: 'RUN_AGENT',
    description: 'Lets an agent or a team work on a text. Its answer is the output.',
    input,
    needs: ['agents:read', 'conversations:read', 'conversations:write', 'runs:cancel'],
    attemptTimeoutMs: 3_600_000,
    async problems(inputs, viewer) {
      const able = await findAble([...new Set(inputs.map(({ agentId }) => agentId))], viewer);
      const message = 'There is no such agent, or it cannot answer.';
      return inputs.map(({ agentId }) => (able.has(agentId) ? null : { path: 'agentId', message }));
    },
    async begin({ agentId, text, conversationId }, { viewer, effectId, signal }) {
      const query = `mutation ($input: OrderRunInput!) { orderRun(input: $input) { ${FIELDS} } }`;
      const order = { messageId: effectId, agentId, text, conversationId };
      try {
        const { orderRun } = await peers.call<{ orderRun: OrderedRun }>('conversations', {
          query,
          variables: { input: order },
          viewer,
          signal,
        });
        return endOf(orderRun);
      } catch (error) {
        if (!(error instanceof ParleyError) || error.code === 'INTERNAL') throw error;
        throw failure(error.code, error.message, ['UNAVAILABLE', 'RATE_LIMITED'].includes(error.code));
      }
    },
    async resume(_input, { viewer, effectId, signal }: WorkContext) {
      const run = await find(effectId, viewer, signal);
      if (!run) throw failure('RUN_GONE', 'The run is gone: its conversation was deleted.', false);
      return endOf(run);
    },
    async abandon(_input, { viewer, effectId, signal }) {
      const run = await find(effectId, viewer, signal);
      if (!run || !UNFINISHED.includes(run.state)) return;
      const query = 'mutation ($input: CancelRunInput!) { cancelRun(input: $input) { run { id } } }';
      await peers.call('conversations', { query, variables: { input: { runId: run.runId } }, viewer, signal });
    },
  });
};

/** @throws WorkFailure where the run has failed */
function endOf({ runId, conversationId, state, text, error }: OrderedRun): WorkEnd {
  if (UNFINISHED.includes(state)) return { kind: 'AWAITS', runId };
  if (state === 'SUCCEEDED' || state === 'PARTIAL') {
    return { kind: 'DONE', output: { text, runId, conversationId, state } };
  }
  if (state === 'CANCELLED') throw failure('RUN_CANCELLED', 'The run was cancelled.', false);
  throw failure(error?.code ?? 'RUN_FAILED', error?.message ?? 'The run failed.', error?.retryable ?? false);
}
