import type { ModelRegistry } from '#core/model/model-registry';
import type { ClaimedRun } from './claim.ts';
import type { DeltaWriter } from './delta-writer.ts';
import { ask, type ModelReply } from './model-reply.ts';
import { buildPrompt, type PromptOptions } from './prompt.ts';

export interface AnswerOptions extends PromptOptions {
  models: ModelRegistry;
  /** How long a model may be silent, in milliseconds. */
  idleTimeoutMs: number;
}

/** Lets an agent's model answer what a run is about. */
export class Answerer {
  constructor(private readonly options: AnswerOptions) {}

  /** Streams the answer into `said` and `writer`. @throws ModelError, RunFailure, ParleyError */
  async answer(claimed: ClaimedRun, said: ModelReply, writer: DeltaWriter, signal: AbortSignal): Promise<void> {
    const { run } = claimed;
    signal.throwIfAborted();
    const { modelId, ...prompt } = await buildPrompt(claimed, this.options);
    const { provider, model } = await this.options.models.resolve(modelId);
    signal.throwIfAborted();
    await ask({
      provider,
      modelId: `${provider.id}/${model}`,
      request: { model, ...prompt },
      signal,
      requestId: run.id,
      idleTimeoutMs: this.options.idleTimeoutMs,
      reply: said,
      onDelta: (kind, text) => writer.write(kind, text),
    });
  }
}
