import type { ModelProvider, ModelRequest, ModelTurn } from '#core/model/model.port';
import { isModelError } from '#core/model/model-error';
import { FILE_UNKNOWN } from '#core/model/model-fault';
import { fitTurns } from '../context/fit-turns.ts';
import { ASSUMED_OUTPUT_TOKENS } from './step-budget.ts';
import { partTokens, turnTokens } from './token-estimate.ts';
import type { Visit } from './visit.ts';

const FILES: ReadonlySet<string> = new Set(['image', 'document', 'file']);

/** The turns of one call as whichever model is asked takes them: with what they only refer to, and no more than it takes. */
export class FilledTurns {
  private filled: { modelId: string; turns: ModelTurn[] } | null = null;
  private hasForgotten = false;
  private readonly turns: readonly ModelTurn[];

  constructor(
    private readonly visit: Visit,
    /** The call with its turns as they are. */
    private readonly request: Omit<ModelRequest, 'model'>,
  ) {
    this.turns = request.turns;
  }

  /** @throws ModelError `MODEL_TIMEOUT` where the files take too long */
  async for(provider: ModelProvider, model: string): Promise<ModelTurn[]> {
    const modelId = `${provider.id}/${model}`;
    if (this.filled?.modelId === modelId) return this.filled.turns;
    const { allowance, scope, signal } = this.visit;
    const own = this.turns.map((turn) => turnFor(modelId, turn));
    const to = { provider, model, signal, timeoutMs: allowance.bound('stepTimeoutMs') };
    const turns = await this.fit(modelId, await scope.files.fill(own, to));
    this.filled = { modelId, turns };
    return turns;
  }

  private async fit(modelId: string, turns: readonly ModelTurn[]): Promise<ModelTurn[]> {
    const { maxOutputTokens = ASSUMED_OUTPUT_TOKENS } = this.request;
    const files = turns.flatMap(({ parts }) => parts.filter(({ type }) => FILES.has(type)));
    const size = {
      tokens: turns.reduce((sum, turn) => sum + turnTokens(turn), 0),
      fileTokens: files.reduce((sum, part) => sum + partTokens(part), 0),
    };
    const room = await this.visit.scope.windows.roomFor(modelId, this.request, maxOutputTokens, size);
    return fitTurns(turns, room);
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
