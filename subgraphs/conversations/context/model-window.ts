import { knownInputLimit } from '#core/model/known-model';
import type { ModelRequest } from '#core/model/model.port';
import type { ModelRegistry } from '#core/model/model-registry';
import { estimateTokens } from '../orchestration/token-estimate.ts';

/** Tokens that a request is left in any case, for what it is about. */
const LEAST_ROOM = 300;
/** Every model takes so many: nobody has to be asked. */
const SURELY_FITS = 2_000;
/** How long what a provider said is taken as it is, in milliseconds. Later it is asked again, and nobody waits for it. */
const FRESH_MS = 10 * 60_000;

export interface ModelWindowOptions {
  models: ModelRegistry;
  /** What a model takes that nobody knows, in tokens. */
  unknownTokens: number;
  /** What is sent at most, whatever the model takes, in tokens. */
  mostTokens: number;
}

/** What turns take, in tokens. */
export interface TurnSize {
  tokens: number;
  /** Of them, those of pictures and other files. */
  fileTokens: number;
}

/** How much of a conversation models can be sent. */
export class ModelWindows {
  private readonly known = new Map<string, { limit: number; until: number }>();

  constructor(private readonly options: ModelWindowOptions) {}

  /**
   * Tokens that the turns of a request may take; infinite where they are so few that no model has to be asked.
   * @param modelId With its provider's prefix.
   * @param around The request without its turns: instructions, tools, the longest answer.
   * @param turns Tokens of the turns as they are, and those among them of files, which people have sent to be looked at:
   *   for them there is room beside the rest, as far as the model takes them.
   */
  async roomFor(
    modelId: string,
    around: Omit<ModelRequest, 'model'>,
    answer: number,
    turns: TurnSize,
  ): Promise<number> {
    const taken = estimateTokens({ ...around, turns: [] });
    if (taken + turns.tokens + answer <= SURELY_FITS) return Number.POSITIVE_INFINITY;
    const window = await this.windowOf(modelId);
    return Math.max(LEAST_ROOM, Math.min(window - answer, this.options.mostTokens + turns.fileTokens) - taken);
  }

  private async windowOf(modelId: string): Promise<number> {
    const known = this.known.get(modelId);
    if (!known) return this.ask(modelId);
    if (known.until < Date.now()) {
      known.until = Date.now() + FRESH_MS;
      void this.ask(modelId);
    }
    return known.limit;
  }

  private async ask(modelId: string): Promise<number> {
    const { models, unknownTokens } = this.options;
    const listed = (await models.list()).models.find(({ id }) => id === modelId)?.inputTokenLimit;
    const limit = listed ?? knownInputLimit(modelId.slice(modelId.indexOf('/') + 1)) ?? unknownTokens;
    this.known.set(modelId, { limit, until: Date.now() + FRESH_MS });
    return limit;
  }
}
