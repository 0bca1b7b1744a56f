import type { Theme } from './theme.ts';

export const RUN: Theme = {
  title: 'Runs, in which agents answer',
  commands: [
    {
      usage: '/cancel',
      does: 'stop the reply that is being written (Ctrl-C; once more leaves)',
      run: (chat) => chat.cancelRuns(),
    },
  ],
};
