import type { ModelPart, ModelTurn } from '#core/model/model.port';
import { attachmentsOf } from '../attachment/attachment-value.ts';
import { type FileFacts, inWords } from '../attachment/file-reference.ts';

/** One message of the room, as far as the model is concerned. */
export interface Line {
  authorKind: 'USER' | 'AGENT';
  authorId: string;
  text: string;
  /** The parts of the message, files among them. */
  parts?: unknown;
  /** Of the agent's own line: how it came to it, calls and their results included. It takes the place of the text. */
  exchange?: readonly ModelTurn[];
}

export interface TranscriptOptions {
  /** The agent that is to answer: its own lines are the model's turns. */
  agentId: string;
  /** By the id of their author. Used where several people or agents speak, so that the model can tell them apart. */
  names: ReadonlyMap<string, string>;
  /** How much of the history goes along, in characters; the newest lines are kept, and the last one always. */
  maxCharacters: number;
  /** How a file is told. Without it: in words. */
  files?: (file: FileFacts) => ModelPart;
}

/**
 * The room as the model sees it: its own lines as its turns, everybody else's as the user's. Neighbouring lines of one
 * side become one turn, since models want the sides to alternate. What the agent made itself comes with the next turn of
 * the others: most models take files from there alone. Pure.
 */
export function buildTranscript(lines: readonly Line[], options: TranscriptOptions): ModelTurn[] {
  const { files: tellFile = inWords } = options;
  const said = lines.filter((line) => line.text.trim() !== '' || filesOf(line).length > 0);
  const isNamed = speakersOf(said, options.agentId) > 1;
  const turns: ModelTurn[] = [];
  const say = (role: 'user' | 'model', parts: ModelPart[]) => {
    const last = turns.at(-1);
    if (parts.length === 0) return;
    // What a model wrote in its own form holds for its own turn alone.
    if (last?.role === role) turns[turns.length - 1] = { role, parts: [...last.parts, ...parts] };
    else turns.push({ role, parts });
  };
  let made: ModelPart[] = [];
  for (const line of newest(said, options.maxCharacters)) {
    const own = line.authorId === options.agentId;
    const name = own || !isNamed ? undefined : nameOf(line, options.names);
    const text = name ? `${name}:${line.text && ` ${line.text}`}` : line.text;
    const parts: ModelPart[] = text.trim() === '' ? [] : [{ type: 'text', text }];
    const files = filesOf(line).map((file) => tellFile(file));
    if (own) {
      if (line.exchange && turns.at(-1)?.role === 'user') turns.push(...line.exchange);
      else say('model', parts);
      if (files.length > 0) made.push({ type: 'text', text: MADE }, ...files);
    } else {
      say('user', [...made, ...parts, ...files]);
      made = [];
    }
  }
  say('user', made);
  // Models refuse a conversation that begins with their own turn.
  if (turns[0]?.role === 'model') turns.shift();
  return turns;
}

/** How many others speak: with one there is nobody to be confused with. */
export const speakersOf = (lines: readonly Line[], agentId: string): number =>
  new Set(lines.filter((line) => line.authorId !== agentId).map((line) => line.authorId)).size;

/** People by their names, other agents as what they are. */
function nameOf({ authorId, authorKind }: Line, names: ReadonlyMap<string, string>): string | undefined {
  const name = names.get(authorId);
  return name && authorKind === 'AGENT' ? `${name} (agent)` : name;
}

const MADE = '[What you made before:]';

/** The files of a line. */
export const filesOf = ({ parts }: Line): FileFacts[] => (Array.isArray(parts) ? attachmentsOf(parts) : []);

function newest(lines: readonly Line[], maxCharacters: number): Line[] {
  let left = maxCharacters;
  const kept: Line[] = [];
  for (const line of [...lines].reverse()) {
    left -= line.text.length;
    if (left < 0 && kept.length > 0) break;
    kept.push(line);
  }
  return kept.reverse();
}
