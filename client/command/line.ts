import type { Theme } from './theme.ts';

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
  ],
};
