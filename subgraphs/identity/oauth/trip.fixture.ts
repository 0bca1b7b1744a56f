import { SESSION_FIELDS, type Tokens } from '../people.fixture.ts';
import { follow } from './browser.fixture.ts';

/** On a page of somebody's front end, whose origin the server has to be told of. */
export const REDIRECT_URI = 'https://app.example/log-in/callback';
export const FRONT_END = { ALLOWED_ORIGINS: 'https://app.example' };

export const START = `mutation ($input: StartOAuthLogInInput!) { startOAuthLogIn(input: $input) { authorizationUrl attempt } }`;
export const COMPLETE = `mutation ($input: CompleteOAuthLogInInput!) { completeOAuthLogIn(input: $input) { ${SESSION_FIELDS} } }`;
export const LINK = `mutation ($input: LinkAccountInput!) {
  linkAccount(input: $input) { linkedAccount { id provider email createdAt lastUsedAt } } }`;

/** Whoever can ask: the whole server's client, or the bench's. */
interface Asker {
  ask<Data>(query: string, variables: object): Promise<Data>;
}

/** What a browser holds when it has come back from a provider. */
export interface Trip {
  attempt: string;
  callbackUrl: string;
}

export interface Completed {
  completeOAuthLogIn: Tokens & {
    viewer: {
      user: { id: string; name: string; email: string };
      organization: { id: string; name: string };
      role: { id: string };
      credential: { id: string };
    };
  };
}

/** Goes to the provider and comes back. */
export async function travel(client: Asker, provider: string, more: { invitationToken?: string } = {}): Promise<Trip> {
  const { startOAuthLogIn } = await client.ask<{ startOAuthLogIn: { authorizationUrl: string; attempt: string } }>(
    START,
    {
      input: { provider, redirectUri: REDIRECT_URI, ...more },
    },
  );
  const callbackUrl = await follow(startOAuthLogIn.authorizationUrl, REDIRECT_URI);
  return { attempt: startOAuthLogIn.attempt, callbackUrl };
}

/** Goes to the provider, comes back and is let in. */
export async function logInAt(client: Asker, provider: string, more: { invitationToken?: string } = {}) {
  const input = await travel(client, provider, more);
  return (await client.ask<Completed>(COMPLETE, { input })).completeOAuthLogIn;
}
