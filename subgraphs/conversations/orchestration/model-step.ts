import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonValue, ModelPart, ModelProvider, ModelRequest, ModelTurn, RawParts } from '#core/model/model.port';
import { isModelError } from '#core/model/model-error';
import { FILE_UNKNOWN } from '#core/model/model-fault';
import { backoffMs, DEFAULT_RETRY_POLICY } from '#core/model/retry';
import { toReference } from '../attachment/file-reference.ts';
import { askModel, type CallRecord, type ModelAnswer } from '../run/ask-model.ts';
import { MAX_MODEL_ATTEMPTS } from '../run/next-step.ts';
import { sumUsage } from '../run/usage.ts';
import { keepPicture, picturesOf, saidOf, shownBy } from './picture.ts';
import { ReplyBroken } from './run-signal.ts';
import type { Speaker } from './speaker.ts';
import { estimateTokens } from './token-estimate.ts';
import type { Visit } from './visit.ts';

/** Tokens that are set aside for an answer where neither its agent nor its limits say how long it may be. */
const ASSUMED_OUTPUT_TOKENS = 4_096;

/** What a call of a model is about, but for what its agent's definition says. */
export interface ModelCall {
  /** Its place below its agent's. */
  key: string;
  name: string;
  turns: ModelTurn[];
  /** In place of the agent's instructions. */
  system?: string;
  tools?: ModelRequest['tools'];
  toolChoice?: ModelRequest['toolChoice'];
  responseSchema?: ModelRequest['responseSchema'];
  /** Who says the text as it comes; null where it is not shown. */
  speaker: Speaker | null;
}

/** One call of the model of an agent, as a step. @throws StepFailure, LimitReached, ReplyBroken */
export async function callModel(visit: Visit, call: ModelCall): Promise<ModelAnswer> {
  const { agent, allowance, scope, path, stepId, signal } = visit;
  allowance.take('maxSteps');
  const key = path + call.key;
  const known = scope.journal.find(key);
  const spec = {
    key,
    parentId: stepId,
    kind: 'MODEL' as const,
    name: call.name,
    agent: { id: agent.id, version: agent.version },
    depth: allowance.depth,
    input: { model: agent.model, turns: call.turns.length, tools: call.tools?.map(({ name }) => name) ?? [] },
  };
  const output = await scope.journal.step(spec, async (step) => {
    const { provider, model } = await scope.models.resolve(agent.model);
    const to = { provider, model, signal, timeoutMs: allowance.bound('stepTimeoutMs') };
    const fill = async () => ({ ...requestOf(visit, call), model, turns: await scope.files.fill(call.turns, to) });
    const request = await fill();
    const least = estimateTokens(request);
    const most = least + (request.maxOutputTokens ?? ASSUMED_OUTPUT_TOKENS);
    const { hold, tokens } = allowance.hold(least, most);
    if (allowance.bound('maxTokens') < Number.MAX_SAFE_INTEGER) request.maxOutputTokens = Math.max(1, tokens - least);
    const calls: CallRecord[] = [];
    const ask = (filled: ModelRequest) => answerWithRetry(visit, call, { provider, request: filled }, step.id, calls);
    try {
      const answer = await ask(request).catch(async (error: unknown) => {
        if (!isUnknownFile(error) || !(await scope.files.forget(call.turns, provider))) throw error;
        const { turns } = await fill();
        return ask({ ...request, turns });
      });
      // What nobody was shown while it came is shown once it is whole.
      if (!call.speaker) for (const each of await picturesOf(answer.parts, visit)) shownBy(visit).attach(each);
      await call.speaker?.drain();
      return { output: answer as unknown as JsonValue, usage: usageOf(calls) };
    } finally {
      scope.journal.record(step.id, calls);
      hold.settle(usageOf(calls)?.totalTokens ?? 0);
    }
  });
  const answer = output as unknown as ModelAnswer;
  if (known?.state === 'SUCCEEDED') {
    allowance.spend(known.usage?.totalTokens ?? 0);
    if (call.speaker) call.speaker.repeat(await saidOf(answer.parts, visit));
    else shownBy(visit).repeat(await picturesOf(answer.parts, visit));
  }
  return answer;
}

/** The provider has let go of a file before the time that it named. */
const isUnknownFile = (error: unknown): boolean => isModelError(error) && error.category === FILE_UNKNOWN;

const usageOf = (calls: readonly CallRecord[]) => sumUsage(calls.map(({ usage }) => usage));

function requestOf({ agent }: Visit, call: ModelCall): Omit<ModelRequest, 'model'> {
  const system = call.system ?? agent.instructions;
  return {
    turns: call.turns,
    ...(system && { system }),
    ...(call.tools?.length && { tools: call.tools }),
    ...(call.toolChoice && { toolChoice: call.toolChoice }),
    ...(call.responseSchema && { responseSchema: call.responseSchema }),
    ...(agent.temperature !== null && { temperature: agent.temperature }),
    ...(agent.maxOutputTokens !== null && { maxOutputTokens: agent.maxOutputTokens }),
    ...(agent.thinking && { thinking: thinkingOptions(agent.thinking) }),
  };
}

/** Whoever sets how much an agent thinks wants to see it as well. */
const thinkingOptions = ({ effort, budgetTokens }: NonNullable<Visit['agent']['thinking']>) => ({
  include: true,
  ...(effort && { effort }),
  ...(budgetTokens !== null && { budgetTokens }),
});

/** What nobody has seen can be asked for again, also when it broke off in the middle. */
async function answerWithRetry(
  visit: Visit,
  { speaker }: ModelCall,
  { provider, request }: { provider: ModelProvider; request: ModelRequest },
  stepId: string,
  calls: CallRecord[],
): Promise<ModelAnswer> {
  const { allowance, scope, signal } = visit;
  for (let attempt = 1; ; attempt += 1) {
    let begun = false;
    let shown = false;
    let spoken = false;
    try {
      signal.throwIfAborted();
      return await askModel({
        provider,
        modelId: `${provider.id}/${request.model}`,
        request,
        signal,
        requestId: stepId,
        idleTimeoutMs: scope.idleTimeoutMs,
        totalTimeoutMs: allowance.bound('stepTimeoutMs'),
        onDelta: (kind, text) => {
          begun = true;
          if (!speaker) return;
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
        onCall: (record) => calls.push(record),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!isModelError(error) || !error.retryable) throw error;
      if (shown) throw new ReplyBroken(error);
      // What failed before its first token has been tried again already.
      if (!begun || attempt >= MAX_MODEL_ATTEMPTS) throw error;
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
