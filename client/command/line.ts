import type { InteractiveChat } from '../interactive.ts';
import type { WhenBusy } from '../operation.ts';
import type { Theme } from './theme.ts';

const MODES: Readonly<Record<string, { whenBusy: WhenBusy; does: string }>> = {
  wait: { whenBusy: 'ENQUEUE', does: 'are answered after what is under way' },
  refuse: { whenBusy: 'REJECT', does: 'are not sent' },
  interrupt: { whenBusy: 'INTERRUPT', does: 'stop what is under way' },
  rollback: { whenBusy: 'ROLLBACK', does: 'take back what is under way' },
};

/** Sets what lines do while an agent answers, or says what they do. */
function setBusy(chat: InteractiveChat, typed: string): void {
  const mode =
    typed === '' ? Object.values(MODES).find(({ whenBusy }) => whenBusy === chat.next.whenBusy) : MODES[typed];
  if (!mode) throw new Error(`Say one of ${Object.keys(MODES).join(', ')}.`);
  chat.next.whenBusy = mode.whenBusy;
  chat.note(`While an agent answers, your lines ${mode.does}.`);
}

async function interrupt(chat: InteractiveChat, text: string): Promise<void> {
  if (text === '') throw new Error('Say what you have to say: /interrupt TEXT. /cancel stops without a word.');
  await chat.send(text, 'INTERRUPT');
}

/** Agents forget what they were at, and answer what is said instead. */
async function rollback(chat: InteractiveChat, text: string): Promise<void> {
  if (text === '') throw new Error('Say what comes in its place: /rollback TEXT.');
  if (!chat.isBusy) throw new Error('No agent is at anything that could be taken back. /revise makes another version.');
  await chat.send(text, 'ROLLBACK');
}

export const LINE: Theme = {
  title: 'What you send',
  commands: [
    {
      usage: '/image PATH',
      does: 'attach a picture, or any file, to the next line',
      run: (chat, rest) => chat.attach(rest),
    },
    { usage: '/file PATH', does: null, run: (chat, rest) => chat.attach(rest) },
    { usage: '/drop', does: 'take back what is attached', run: (chat) => chat.drop() },
    { usage: '/interrupt TEXT', does: 'stop the reply that is being written, and say this', run: interrupt },
    { usage: '/rollback TEXT', does: 'take it back, so that agents forget it, and say this', run: rollback },
    { usage: '/busy [HOW]', does: `what lines do meanwhile: ${Object.keys(MODES).join(', ')}`, run: setBusy },
  ],
};
