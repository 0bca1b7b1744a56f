import type { ModelPart, ModelTurn } from '#core/model/model.port';
import { cutResult } from '#core/tool/cut-result';
import { partTokens, turnTokens } from '../orchestration/token-estimate.ts';
import { cutText } from './cut-text.ts';

/** A turn as it goes to a model. */
export interface ContextTurn extends ModelTurn {
  /** It stands for what was said before, and is not left out before the rest is. */
  isSummary?: true;
}

/** Tokens to which older results and messages are cut before any of them is left out. */
const LONG = 1_000;
const CHARACTERS_A_TOKEN = 3;
/** A result that is cut to less than this says nothing. */
const LEAST_OF_A_RESULT = 80;

/** What is kept or left out as one: a message, or calls of tools with their results. */
interface Block {
  turns: ContextTurn[];
  tokens: number;
}

/**
 * The turns of a conversation, cut so that they take no more than so many tokens, about. Cut first are the results of tools,
 * then long messages and pictures, the oldest first; then the oldest are left out, with a note. Calls stay with their results;
 * the newest message, and the last one by somebody else, are there in any case, whole or cut with a note. Pure.
 */
export function fitTurns(turns: readonly ContextTurn[], budget: number): ModelTurn[] {
  const blocks = toBlocks(turns);
  if (sumOf(blocks) <= budget) return join(blocks, 0);
  const kept = new Set([blocks.at(-1), ...newestMessage(blocks)]);
  const isKept = (block: Block) => kept.has(block) || block.turns[0]?.isSummary === true;
  for (const isCut of [isResult, isLongOrPicture]) {
    for (const block of blocks) {
      if (sumOf(blocks) <= budget) return join(blocks, 0);
      if (!isKept(block)) cutBlock(block, isCut, LONG);
    }
  }
  let leftOut = 0;
  while (sumOf(blocks) + NOTE_TOKENS > budget) {
    const oldest = blocks.findIndex((block) => !isKept(block));
    if (oldest < 0) break;
    blocks.splice(oldest, 1);
    leftOut += 1;
  }
  return join(cutAll(blocks, budget - NOTE_TOKENS), leftOut);
}

/** Cuts each part of what has to stay to the same size, the largest at which all of it fits. */
function cutAll(blocks: Block[], budget: number): Block[] {
  const cutTo = (tokens: number) => {
    const copies = blocks.map(({ turns, tokens: of }) => ({ turns: turns.map((turn) => ({ ...turn })), tokens: of }));
    for (const block of copies) cutBlock(block, () => true, tokens);
    return copies;
  };
  let [least, most] = [0, Math.max(0, ...blocks.map(({ tokens }) => tokens))];
  while (least < most) {
    const tokens = Math.ceil((least + most) / 2);
    if (sumOf(cutTo(tokens)) <= budget) least = tokens;
    else most = tokens - 1;
  }
  return cutTo(least);
}

/** A turn of a person has a block for each of its parts: several have spoken in it. */
function toBlocks(turns: readonly ContextTurn[]): Block[] {
  const blocks: Block[] = [];
  for (const turn of turns) {
    const last = blocks.at(-1);
    if (turn.role === 'tool' && last && last.turns[0]?.role === 'model') last.turns.push({ ...turn });
    else if (turn.role === 'user' && !turn.isSummary) {
      for (const part of turn.parts) blocks.push({ turns: [{ ...turn, parts: [part] }], tokens: 0 });
    } else blocks.push({ turns: [{ ...turn }], tokens: 0 });
  }
  for (const block of blocks) measure(block);
  return blocks;
}

const measure = (block: Block) => {
  block.tokens = block.turns.reduce((sum, turn) => sum + turnTokens(turn), 0);
};

const sumOf = (blocks: readonly Block[]): number => blocks.reduce((sum, { tokens }) => sum + tokens, 0);

const isMessage = (turn: ContextTurn | undefined): boolean => turn?.role === 'user' && !turn.isSummary;
/** The last message of somebody else: a text with what goes along with it. */
function newestMessage(blocks: readonly Block[]): Block[] {
  const end = blocks.findLastIndex(({ turns: [turn] }) => isMessage(turn));
  let begin = end;
  const isBehindText = () => blocks[begin]?.turns[0]?.parts[0]?.type !== 'text';
  while (begin > 0 && isBehindText() && isMessage(blocks[begin - 1]?.turns[0])) begin -= 1;
  return end < 0 ? [] : blocks.slice(begin, end + 1);
}

const isResult = ({ type }: ModelPart): boolean => type === 'tool_result';
const isLongOrPicture = ({ type }: ModelPart): boolean => type !== 'tool_result' && type !== 'tool_call';

function cutBlock(block: Block, isCut: (part: ModelPart) => boolean, tokens: number): void {
  block.turns = block.turns.map((turn) => {
    // What a model said with its calls goes back as it came, signatures and all.
    if (turn.parts.some(({ type }) => type === 'tool_call')) return turn;
    const parts = turn.parts.map((part) => (isCut(part) && partTokens(part) > tokens ? cutPart(part, tokens) : part));
    if (parts.every((part, index) => part === turn.parts[index])) return turn;
    const { rawParts: _void, ...rest } = turn;
    return { ...rest, parts };
  });
  measure(block);
}

function cutPart(part: ModelPart, tokens: number): ModelPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: cutText(part.text, tokens) };
    case 'tool_result':
      if (tokens < LEAST_OF_A_RESULT) return { ...part, result: '[left out]' };
      return shorter({ ...part, result: cutResult(part.result, tokens * CHARACTERS_A_TOKEN) }, tokens);
    case 'tool_call':
      return part;
    default:
      return { type: 'text', text: `[A ${part.type === 'image' ? 'picture' : 'file'} was here, and is left out.]` };
  }
}

/** What is not ASCII takes more tokens than its characters let one think. */
const shorter = (part: Extract<ModelPart, { type: 'tool_result' }>, tokens: number): ModelPart =>
  partTokens(part) <= tokens ? part : { ...part, result: '[left out]' };

const noteOf = (count: number): ContextTurn => ({
  role: 'user',
  parts: [{ type: 'text', text: `[Earlier messages are left out here: ${count.toLocaleString('en')}.]` }],
});

/** At most, whatever the number in it. */
const NOTE_TOKENS = turnTokens(noteOf(1_000_000_000));

/** The blocks as turns: the sides alternate, and the model does not begin. */
function join(blocks: readonly Block[], leftOut: number): ModelTurn[] {
  const all = blocks.flatMap(({ turns }) => turns);
  if (leftOut > 0) all.splice(all[0]?.isSummary ? 1 : 0, 0, noteOf(leftOut));
  const joined: ModelTurn[] = [];
  for (const { isSummary: _void, ...turn } of all) {
    const last = joined.at(-1);
    if (turn.role === 'user' && last?.role === 'user') last.parts = [...last.parts, ...turn.parts];
    else joined.push({ ...turn });
  }
  return joined;
}
