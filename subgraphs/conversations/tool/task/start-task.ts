import { ParleyError } from '#core/error';
import type { Peers } from '#core/peer/peer';
import { type Tool, ToolError } from '#core/tool/tool.port';

interface Started {
  startTask: { taskId: string; state: string };
}

const START = 'mutation ($input: StartTaskInput!) { startTask(input: $input) { taskId state } }';

/** Has something done that takes longer than an answer, on behalf of whoever is answered, who is shown it among his tasks. */
export const startTask = (peers: Peers): Tool => ({
  name: 'start_task',
  title: 'Start a task',
  description:
    'Has something done in the background, on behalf of the person you talk to: RUN_AGENT with {agentId, text}, CALL_WEBHOOK with ' +
    '{url, method, body}, BATCH with {kind, inputs}, CHAIN with {steps: [{kind, input}]}. It tells the id of the task, and not what ' +
    'comes of it. A person may have to allow it first.',
  parameters: {
    type: 'object',
    properties: {
      kind: { type: 'string', minLength: 1, maxLength: 100 },
      input: { type: 'object', description: 'What the kind takes.' },
      startAfter: { type: 'string', maxLength: 40, description: 'Not before then: ISO 8601 in UTC. Left out: now.' },
    },
    required: ['kind', 'input'],
    additionalProperties: false,
  },
  effect: 'IDEMPOTENT',
  needsApproval: true,
  timeoutMs: 15_000,
  maxResultCharacters: 1_000,
  async run({ kind, input, startAfter }, { viewer, idempotencyKey, signal }) {
    if (startAfter !== undefined && Number.isNaN(Date.parse(String(startAfter)))) {
      throw new ToolError('INVALID_ARGUMENTS', 'startAfter is no moment: write it as 2027-01-31T12:30:00Z.');
    }
    try {
      const at = startAfter === undefined ? null : new Date(String(startAfter)).toISOString();
      const wanted = { kind, input, startAfter: at, originKey: idempotencyKey };
      const query = { query: START, variables: { input: wanted }, viewer, signal };
      const { startTask: started } = await peers.call<Started>('tasks', query);
      return { ...started };
    } catch (error) {
      throw toToolError(error);
    }
  },
});

/** What the model can mend it is told in full. */
function toToolError(error: unknown): unknown {
  if (!(error instanceof ParleyError) || error.code === 'INTERNAL') return error;
  const isInput = error.code === 'BAD_USER_INPUT' || error.code === 'CONFLICT' || error.code === 'NOT_FOUND';
  return new ToolError(isInput ? 'INVALID_ARGUMENTS' : error.code, error.message, error.code === 'UNAVAILABLE');
}
