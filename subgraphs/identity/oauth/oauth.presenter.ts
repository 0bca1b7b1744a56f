import type { LinkedAccountRow } from './linked-account.service.ts';
import type { LogInProvider } from './log-in-provider.ts';

export const presentLogInProvider = ({ id, name }: LogInProvider) => ({ id, name });

export const presentLinkedAccount = ({ id, provider, email, createdAt, lastUsedAt }: LinkedAccountRow) => ({
  id,
  provider,
  email,
  createdAt,
  lastUsedAt,
});
