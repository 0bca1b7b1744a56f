import type { Theme } from './theme.ts';

export const APPROVAL: Theme = {
  title: 'What agents ask for, the oldest first',
  commands: [
    { usage: '/approve', does: 'allow it', run: (chat) => chat.decide('APPROVE') },
    {
      usage: '/edit JSON',
      does: 'allow it with other arguments',
      run: (chat, rest) => chat.decide('EDIT', { arguments: readJson(rest) }),
    },
    {
      usage: '/reject [WHY]',
      does: 'refuse it',
      run: (chat, rest) => chat.decide('REJECT', rest ? { reason: rest } : {}),
    },
  ],
};

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('That is not JSON, such as {"timeZone": "Europe/Berlin"}.');
  }
}
