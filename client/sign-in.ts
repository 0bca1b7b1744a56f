import { ask, askHidden } from './ask.ts';
import { apiKeyCredential, type Credential, logIn, sessionCredential } from './credential.ts';
import { ApiError, request } from './graphql-http.ts';
import { persist } from './retry.ts';
import { configFolder, fileStore, memoryStore } from './session-store.ts';
import type { Settings } from './settings.ts';

const MAX_TRIES = 3;

/** With an API key or a password from the environment, there is nobody to ask and nothing to keep. */
export async function signInFromEnvironment(
  { endpoint, apiKey, email, password }: Settings,
  onTrouble: (error: unknown) => void,
): Promise<Credential | null> {
  if (apiKey) return apiKeyCredential(apiKey);
  if (!email || !password) return null;
  const store = memoryStore();
  return sessionCredential(endpoint, store, await persist(() => logIn(endpoint, email, password), onTrouble));
}

/** The log-in that an earlier run has kept; null where there is none or it has ended. */
export async function resumeSession({ endpoint }: Settings, onTrouble: (error: unknown) => void) {
  const store = fileStore(configFolder(process.env), endpoint.origin);
  const stored = await store.read();
  if (!stored) return null;
  const credential = sessionCredential(endpoint, store, stored);
  return (await persist(() => credential.renew(), onTrouble)) ? credential : null;
}

/** Asks for e-mail and password, and keeps the tokens, never the password. */
export async function signInByAsking(settings: Settings, onTrouble: (error: unknown) => void): Promise<Credential> {
  const { endpoint } = settings;
  const store = fileStore(configFolder(process.env), endpoint.origin);
  // Before anything is asked: nobody should type a password for a server that is not there.
  await persist(() => request(endpoint, '{ __typename }', {}), onTrouble);
  for (let tries = 1; ; tries += 1) {
    const email = settings.email ?? (await ask('E-mail: '));
    const password = await askHidden('Password: ');
    try {
      const session = await persist(() => logIn(endpoint, email, password), onTrouble);
      await store.write(session);
      return sessionCredential(endpoint, store, session);
    } catch (error) {
      if (!(error instanceof ApiError) || tries === MAX_TRIES) throw error;
      process.stdout.write(`${error.message}\n`);
    }
  }
}
