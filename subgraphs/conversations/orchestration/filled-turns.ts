import type { ModelProvider, ModelTurn } from '#core/model/model.port';
import { isModelError } from '#core/model/model-error';
import { FILE_UNKNOWN } from '#core/model/model-fault';
import type { Visit } from './visit.ts';

/** The turns of one call with what they only refer to, filled for whichever model is asked. */
export class FilledTurns {
  private filled: { modelId: string; turns: ModelTurn[] } | null = null;
  private hasForgotten = false;

  constructor(
    private readonly visit: Visit,
    private readonly turns: readonly ModelTurn[],
  ) {}

  /** @throws ModelError `MODEL_TIMEOUT` where the files take too long */
  async for(provider: ModelProvider, model: string): Promise<ModelTurn[]> {
    const modelId = `${provider.id}/${model}`;
    if (this.filled?.modelId === modelId) return this.filled.turns;
    const { allowance, scope, signal } = this.visit;
    const own = this.turns.map((turn) => turnFor(modelId, turn));
    const to = { provider, model, signal, timeoutMs: allowance.bound('stepTimeoutMs') };
    const turns = await scope.files.fill(own, to);
    this.filled = { modelId, turns };
    return turns;
  }

  /** Whether to ask again: the provider has let go of a file before the time that it named. */
  async mends(error: unknown, provider: ModelProvider): Promise<boolean> {
    if (this.hasForgotten || !isModelError(error) || error.category !== FILE_UNKNOWN) return false;
    this.hasForgotten = true;
    this.filled = null;
    return this.visit.scope.files.forget(this.turns, provider);
  }
}

/** What one model wrote in its own form, signatures and all, says nothing to another. */
function turnFor(modelId: string, { rawParts, ...turn }: ModelTurn): ModelTurn {
  return rawParts?.model === modelId ? { ...turn, rawParts } : turn;
}
