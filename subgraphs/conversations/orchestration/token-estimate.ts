import type { ModelPart, ModelRequest, ModelTurn, ModelUsage } from '#core/model/model.port';

/** Characters of one token, on the cautious side for English. What is not ASCII counts a token a character. */
const CHARACTERS_A_TOKEN = 3.5;
/** What a picture takes at the models that we know, at most. */
const TOKENS_A_PICTURE = 1_300;
const BYTES_A_PAGE = 100_000;
/** Its role and its frame. */
const TOKENS_A_TURN = 4;
const LAST_OF_ASCII = 0x7f;

/** About how many tokens a request takes before anything is answered. */
export function estimateTokens({ system, turns, tools, responseSchema }: Omit<ModelRequest, 'model'>): number {
  return (
    textTokens(system ?? '') +
    (tools ? textTokens(JSON.stringify(tools)) : 0) +
    (responseSchema ? textTokens(JSON.stringify(responseSchema)) : 0) +
    turns.reduce((sum, turn) => sum + turnTokens(turn), 0)
  );
}

/** About what a call has taken whose provider counted nothing, by what was asked and what came of the answer. */
export function estimateUsage(request: ModelRequest, said: readonly ModelPart[], thoughts: string): ModelUsage {
  const inputTokens = estimateTokens(request);
  const outputTokens = said.reduce((sum, part) => sum + partTokens(part), 0);
  const thinkingTokens = textTokens(thoughts);
  return {
    inputTokens,
    cachedInputTokens: 0,
    toolUseInputTokens: 0,
    outputTokens,
    thinkingTokens,
    totalTokens: inputTokens + outputTokens + thinkingTokens,
    details: [],
    raw: {},
  };
}

/** About how many tokens a text takes. */
export function textTokens(text: string): number {
  let foreign = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > LAST_OF_ASCII) foreign += 1;
  return Math.ceil((text.length - foreign) / CHARACTERS_A_TOKEN) + foreign;
}

/** About how many tokens a turn takes. */
export const turnTokens = ({ parts }: ModelTurn): number =>
  parts.reduce((sum, part) => sum + partTokens(part), TOKENS_A_TURN);

/** About how many tokens a part takes. */
export function partTokens(part: ModelPart): number {
  if (part.type === 'text') return textTokens(part.text);
  if (part.type === 'tool_call') return textTokens(JSON.stringify(part.args) + part.name);
  if (part.type === 'tool_result') return textTokens(JSON.stringify(part.result) + part.name);
  // A document is read page by page, each about like a picture; how many it has shows roughly in its size.
  if (part.type === 'document') return Math.ceil(part.data.length / BYTES_A_PAGE) * TOKENS_A_PICTURE;
  return TOKENS_A_PICTURE;
}
