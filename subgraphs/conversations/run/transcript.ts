import type { ModelTurn } from '#core/model/model.port';

/** One message of the room, as far as the model is concerned. */
export interface Line {
  authorKind: 'USER' | 'AGENT';
  authorId: string;
  text: string;
}

export interface TranscriptOptions {
  /** The agent that is to answer: its own lines are the model's turns. */
  agentId: string;
  /** By the id of their author. Used where several people or agents speak, so that the model can tell them apart. */
  names: ReadonlyMap<string, string>;
  /** How much of the history goes along, in characters; the newest lines are kept, and the last one always. */
  maxCharacters: number;
}

/**
 * The room as the model sees it: its own lines as its turns, everybody else's as the user's. Neighbouring lines of one
 * side become one turn, since models want the sides to alternate. Pure.
 */
export function buildTranscript(lines: readonly Line[], options: TranscriptOptions): ModelTurn[] {
  const said = lines.filter((line) => line.text.trim() !== '');
  const others = new Set(said.filter((line) => line.authorId !== options.agentId).map((line) => line.authorId));
  const turns: ModelTurn[] = [];
  for (const line of newest(said, options.maxCharacters)) {
    const own = line.authorId === options.agentId;
    const name = own || others.size < 2 ? undefined : options.names.get(line.authorId);
    const part = { type: 'text' as const, text: name ? `${name}: ${line.text}` : line.text };
    const role = own ? 'model' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(part);
    else turns.push({ role, parts: [part] });
  }
  // Models refuse a conversation that begins with their own turn.
  if (turns[0]?.role === 'model') turns.shift();
  return turns;
}

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
