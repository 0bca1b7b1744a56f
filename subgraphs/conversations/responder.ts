import type { Named } from './peer-directory.ts';

/**
 * Which of the agents that can answer a message does: the first one mentioned, else the first that came into the room.
 * Null where there is none.
 */
export const chooseResponder = (text: string, agents: readonly Named[]): Named | null =>
  firstMentioned(text, agents) ?? agents[0] ?? null;

/** The first one mentioned as `@Name`, whatever its case, the longest name that fits first. Null where nobody was. */
export function firstMentioned(text: string, agents: readonly Named[]): Named | null {
  const said = text.normalize('NFC').toLowerCase();
  const mentions = agents.flatMap((agent) => {
    const mention = `@${agent.name.normalize('NFC').toLowerCase()}`;
    const at = mention.length > 1 ? findMention(said, mention) : -1;
    return at < 0 ? [] : [{ agent, at, length: mention.length }];
  });
  mentions.sort((a, b) => a.at - b.at || b.length - a.length);
  return mentions[0]?.agent ?? null;
}

/** Where the mention stands on its own: not within a word, nor as the beginning of a longer one. */
function findMention(said: string, mention: string): number {
  for (let at = said.indexOf(mention); at >= 0; at = said.indexOf(mention, at + 1)) {
    const before = said[at - 1];
    const after = said[at + mention.length];
    if (!isWordCharacter(before) && !isWordCharacter(after)) return at;
  }
  return -1;
}

const isWordCharacter = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}_]/u.test(character);
