import type { InteractiveChat } from '../interactive.ts';
import { printable } from '../style.ts';
import type { Theme } from './theme.ts';

/** What is asked for and not decided yet, with numbers. */
function listAsked(chat: InteractiveChat): void {
  const lines = chat.pending.map(({ agent, subject, arguments: given }, index) => {
    const number = String(index + 1).padStart(3);
    return `${number}  ${printable(agent.name)}: ${printable(subject)} ${printable(JSON.stringify(given))}`;
  });
  chat.say(lines.join('\n') || 'Nothing has to be decided.');
}

/** The number that a line begins with, where so many are asked for, and what stands behind it. */
function readChoice(chat: InteractiveChat, rest: string): { number: number; more: string } {
  const [, digits = '', more = ''] = /^(\d+)(?:\s+(.*))?$/s.exec(rest) ?? [];
  const number = Number(digits);
  return number >= 1 && number <= chat.pending.length ? { number, more } : { number: 1, more: rest };
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
