import type { ModelPart, ModelRequest } from '#core/model/model.port';

/** Characters of one token, on the cautious side for English; other scripts take more tokens. */
const CHARACTERS_A_TOKEN = 3.5;
/** What a picture takes at the models that we know, at most. */
const TOKENS_A_PICTURE = 1_300;
const BYTES_A_PAGE = 100_000;

/** About how many tokens a request takes before anything is answered. */
export function estimateTokens({ system, turns, tools }: Omit<ModelRequest, 'model'>): number {
  const parts = turns.flatMap((turn) => turn.parts);
  const characters =
    (system?.length ?? 0) +
    (tools ? JSON.stringify(tools).length : 0) +
    parts.reduce((sum, part) => sum + charactersOf(part), 0);
  const pictures = parts.reduce((sum, part) => sum + picturesOf(part), 0);
  return Math.ceil(characters / CHARACTERS_A_TOKEN) + pictures * TOKENS_A_PICTURE + turns.length * 4;
}

/** A document is read page by page, each about like a picture; how many it has shows roughly in its size. */
function picturesOf(part: ModelPart): number {
  if (part.type === 'document') return Math.ceil(part.data.length / BYTES_A_PAGE);
  return part.type === 'image' || part.type === 'file' ? 1 : 0;
}

function charactersOf(part: ModelPart): number {
  if (part.type === 'text') return part.text.length;
  if (part.type === 'tool_call') return JSON.stringify(part.args).length + part.name.length;
  if (part.type === 'tool_result') return JSON.stringify(part.result).length;
  return 0;
}
