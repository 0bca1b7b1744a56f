import type { InteractiveChat } from '../interactive.ts';
import { printable } from '../style.ts';
import type { Theme } from './theme.ts';

/** What each chat was last shown as a list: its numbers stay what they were, whoever decides meanwhile. */
const listed = new WeakMap<InteractiveChat, readonly string[]>();

/** What is asked for and not decided yet, with numbers. */
function listAsked(chat: InteractiveChat): void {
  listed.set(
    chat,
    chat.pending.map(({ id }) => id),
  );
  const lines = chat.pending.map(({ agent, subject, arguments: given }, index) => {
    const number = String(index + 1).padStart(3);
    return `${number}  ${printable(agent.name)}: ${printable(subject)} ${printable(JSON.stringify(given))}`;
  });
  chat.say(lines.join('\n') || 'Nothing has to be decided.');
}

/**
 * Which of what is asked for a line means by the number that it begins with, the first where there is none, and what stands
 * behind the number.
 * @throws Error with a sentence for the user
 */
function readChoice(chat: InteractiveChat, rest: string): { number: number; more: string } {
  const [, digits, more = ''] = /^(\d+)(?:\s+(.*))?$/s.exec(rest) ?? [];
  if (digits === undefined) return { number: 1, more: rest };
  const ids = chat.pending.map(({ id }) => id);
  const id = (listed.get(chat) ?? ids)[Number(digits) - 1];
  if (id === undefined) throw new Error(`There is no ${digits}: /asked lists what has to be decided.`);
  const place = ids.indexOf(id);
  if (place < 0) throw new Error(`${digits} has been decided: /asked lists what is left.`);
  return { number: place + 1, more };
}

function approve(chat: InteractiveChat, rest: string): Promise<void> {
  const { number, more } = readChoice(chat, rest);
  if (more !== '') throw new Error('Say which one, as /asked counts them, or nothing for the first.');
  return chat.decide(number, 'APPROVE');
}

function edit(chat: InteractiveChat, rest: string): Promise<void> {
  const { number, more } = readChoice(chat, rest);
  return chat.decide(number, 'EDIT', { arguments: readJson(more) });
}

function reject(chat: InteractiveChat, rest: string): Promise<void> {
  const { number, more } = readChoice(chat, rest);
  return chat.decide(number, 'REJECT', more ? { reason: more } : {});
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('That is not JSON, such as {"timeZone": "Europe/Berlin"}.');
  }
}

export const APPROVAL: Theme = {
  title: 'What agents ask for (N as /asked counts, the first unless given)',
  commands: [
    { usage: '/asked', does: 'what has to be decided, the oldest first', run: listAsked },
    { usage: '/approve [N]', does: 'allow it', run: approve },
    { usage: '/edit [N] JSON', does: 'allow it with other arguments', run: edit },
    { usage: '/reject [N] [WHY]', does: 'refuse it', run: reject },
  ],
};
