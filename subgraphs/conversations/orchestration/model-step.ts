import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonValue, ModelPart, ModelRequest, ModelTurn, RawParts } from '#core/model/model.port';
import { isModelError } from '#core/model/model-error';
import { backoffMs, DEFAULT_RETRY_POLICY } from '#core/model/retry';
import { cutResult } from '#core/tool/cut-result';
import { toReference } from '../attachment/file-reference.ts';
import type { ContextTurn } from '../context/fit-turns.ts';
import { blockedBy, isBlocked, type SpeechGuard, toldOf } from '../guard/speech-guard.ts';
import { withoutEscapes } from '../guard/without-escapes.ts';
import { askModel, type ModelAnswer } from '../run/ask-model.ts';
import { beginningsOf, MAX_MODEL_ATTEMPTS } from '../run/next-step.ts';
import { FilledTurns } from './filled-turns.ts';
import { keepPicture, picturesOf, saidOf, shownBy } from './picture.ts';
import { ReplyBroken } from './run-signal.ts';
import type { Speaker } from './speaker.ts';
import type { StepRecord } from './step.ts';
import { StepBudget } from './step-budget.ts';
import type { Visit } from './visit.ts';

/** What a call of a model is about, but for what its agent's definition says. */
export interface ModelCall {
  /** Its place below its agent's. */
  key: string;
  name: string;
  turns: ContextTurn[];
  /** In place of the agent's instructions. */
  system?: string;
  tools?: ModelRequest['tools'];
  toolChoice?: ModelRequest['toolChoice'];
  responseSchema?: ModelRequest['responseSchema'];
  /** Who says the text as it comes; null where it is not shown. */
  speaker: Speaker | null;
  /** Of the answer, where it is to be shorter than the agent's own may be. */
  maxOutputTokens?: number;
  /** It is no step on the way to the answer: it counts for none, and waits for no budget. */
  isAside?: boolean;
}

/** One call of the model of an agent, as a step. @throws StepFailure, LimitReached, ReplyBroken, Suspended */
export async function callModel(visit: Visit, call: ModelCall): Promise<ModelAnswer> {
  const { agent, allowance, scope, path, stepId } = visit;
  if (!call.isAside) allowance.take('maxSteps');
  const key = path + call.key;
  const known = scope.journal.find(key);
  const spec = {
    key,
    parentId: stepId,
    kind: 'MODEL' as const,
    name: call.name,
    agent: { id: agent.id, version: agent.version },
    depth: allowance.depth,
    input: inputOf(agent.model, call),
  };
  const output = await scope.journal
    .step(
      spec,
      async (step) => {
        const { provider, model } = await scope.models.resolve(agent.model);
        const request = requestOf(visit, call, call.system ?? (await scope.room.system(visit)));
        const filled = new FilledTurns(visit, request);
        request.turns = await filled.for(provider, model);
        const budget = StepBudget.open(visit, step, `${provider.id}/${model}`, request, { waits: !call.isAside });
        try {
          const answer = await answerWithRetry(visit, call, { request, step, budget, filled });
          // What nobody was shown while it came is shown once it is whole.
          if (!call.speaker) for (const each of await picturesOf(answer.parts, visit)) shownBy(visit).attach(each);
          await call.speaker?.drain();
          return { output: answer as unknown as JsonValue, usage: budget.usage, decision: step.decision };
        } finally {
          budget.settle();
        }
      },
      { beginsItself: true, ...(!call.isAside && { whenRoom: allowance.room(visit.signal) }) },
    )
    .catch((error: unknown) => {
      if (isBlocked(error)) tellBlocked(call.speaker, error.message, known?.state === 'FAILED');
      throw error;
    });
  const answer = output as unknown as ModelAnswer;
  if (known?.state === 'SUCCEEDED' && known.output !== null) {
    allowance.spend(known.usage?.totalTokens ?? 0);
    if (call.speaker) call.speaker.repeat(await saidOf(answer.parts, visit));
    else shownBy(visit).repeat(await picturesOf(answer.parts, visit));
  }
  return answer;
}

/** Tells the room why an agent says nothing more; where it was told in an earlier attempt, again as `repeat` does. */
function tellBlocked(speaker: Speaker | null, message: string, isKnown: boolean): void {
  if (isKnown) speaker?.repeat([message]);
  else {
    speaker?.begin();
    speaker?.say('text', message);
  }
}

/** What of a newest message is kept with its step, in characters: the rest of what a model is shown is in the room. */
const MAX_ASKED = 2_000;

/** What a call is shown to be about. A summary of older messages is about all of them. */
function inputOf(model: string, { turns, tools = [], isAside }: ModelCall): JsonValue {
  const newest = isAside ? undefined : turns.findLast(({ role }) => role === 'user')?.parts.findLast(isText);
  return {
    model,
    turns: turns.length,
    tools: tools.map(({ name }) => name),
    ...(newest && { asked: cutResult(newest.text, MAX_ASKED) }),
  };
}

const isText = (part: ModelPart): part is Extract<ModelPart, { type: 'text' }> => part.type === 'text';

function requestOf({ agent }: Visit, call: ModelCall, system: string): Omit<ModelRequest, 'model'> {
  const bounds = [agent.maxOutputTokens, call.maxOutputTokens].filter((bound) => bound != null);
  return {
    turns: call.turns,
    ...(system && { system }),
    ...(call.tools?.length && { tools: call.tools }),
    ...(call.toolChoice && { toolChoice: call.toolChoice }),
    ...(call.responseSchema && { responseSchema: call.responseSchema }),
    ...(agent.temperature !== null && { temperature: agent.temperature }),
    ...(bounds.length > 0 && { maxOutputTokens: Math.min(...bounds) }),
    ...(agent.thinking && { thinking: thinkingOptions(agent.thinking) }),
  };
}

/** Whoever sets how much an agent thinks wants to see it as well. */
const thinkingOptions = ({ effort, budgetTokens }: NonNullable<Visit['agent']['thinking']>) => ({
  include: true,
  ...(effort && { effort }),
  ...(budgetTokens !== null && { budgetTokens }),
});

interface Attempts {
  request: Omit<ModelRequest, 'model'>;
  step: StepRecord;
  budget: StepBudget;
  filled: FilledTurns;
}

/** Why another model answered, and what rules have done about what it said. */
function decisionOf(budget: StepBudget, guard: SpeechGuard | null): JsonValue {
  const told = toldOf(guard);
  return told ? { ...budget.decision, ...told } : budget.decision;
}

/** What nobody has seen can be asked for again, also when it broke off in the middle. */
async function answerWithRetry(
  visit: Visit,
  { speaker }: ModelCall,
  { request, step, budget, filled }: Attempts,
): Promise<ModelAnswer> {
  const { allowance, scope, signal } = visit;
  for (let attempt = 1; ; attempt += 1) {
    let begun = false;
    let shown = false;
    let spoken = false;
    const admitted = await budget.reserve();
    const { provider, model } = await scope.models.resolve(admitted.model);
    if (attempt === 1) scope.journal.begin(step).catch(() => {});
    const guard = await scope.output.guard(visit.agent, speaker?.before);
    try {
      signal.throwIfAborted();
      const said = await askModel({
        provider,
        modelId: admitted.model,
        request: { ...request, ...admitted, turns: await filled.for(provider, model), model },
        signal,
        guard,
        requestId: step.id,
        idleTimeoutMs: scope.idleTimeoutMs,
        totalTimeoutMs: allowance.bound('stepTimeoutMs'),
        onDelta: (kind, text) => {
          begun = true;
          if (!speaker || text === '') return;
          if (!spoken) speaker.begin();
          spoken = true;
          shown = true;
          speaker.say(kind, text);
        },
        onPicture: async (picture) => {
          begun = true;
          const kept = await keepPicture(visit, picture, speaker ?? shownBy(visit));
          shown ||= speaker !== null;
          speaker?.attach(kept);
          return toReference(kept);
        },
        onCall: (record) => budget.record(record),
      });
      const answer = guard && !speaker ? withoutEscapes(said, guard) : said;
      step.decision = decisionOf(budget, guard);
      if (guard?.verdict?.action.kind === 'BLOCK') throw blockedBy(guard.verdict);
      await scope.output.keep(guard, visit.agent);
      return answer;
    } catch (error) {
      step.decision = decisionOf(budget, guard);
      signal.throwIfAborted();
      if (isBlocked(error)) {
        await scope.output.keep(guard, visit.agent);
        throw error;
      }
      if (await filled.mends(error, provider)) continue;
      if (!isModelError(error) || !error.retryable) throw error;
      if (shown && beginningsOf(scope.run) < MAX_MODEL_ATTEMPTS) throw new ReplyBroken(error);
      // What failed before its first token has been tried again already.
      if (!begun || shown || attempt >= MAX_MODEL_ATTEMPTS) throw error;
      await sleep(backoffMs(attempt, DEFAULT_RETRY_POLICY, Math.random(), error.retryAfterMs), undefined, { signal });
    }
  }
}

/** An answer as the turn that it is for the next call. */
export const turnOf = ({ parts, rawParts }: { parts: ModelPart[]; rawParts: RawParts | null }): ModelTurn => ({
  role: 'model',
  parts,
  ...(rawParts && { rawParts }),
});
