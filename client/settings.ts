import { parseArgs } from 'node:util';

/** Where to chat, and as whom. */
export interface Settings {
  /** The GraphQL endpoint, for HTTP. */
  endpoint: URL;
  /** The id, number or title of the room to enter; null asks, or takes the latest where nobody can be asked. */
  room: string | null;
  /** The paths of files that go with the first line. */
  files: string[];
  email: string | null;
  password: string | null;
  apiKey: string | null;
  help: boolean;
}

export const USAGE = `Usage: npm run chat -- [--url URL] [--room TITLE-OR-ID] [--file PATH]

Talks with people and agents in a room. Lines that are piped in are sent one by one, each after the reply to the last;
what --file names goes with the first of them.

  PARLEY_URL                      the server (http://localhost:4000, or the port in PORT)
  PARLEY_EMAIL, PARLEY_PASSWORD   who logs in, without being asked
  PARLEY_API_KEY                  an API key instead
`;

/** @throws Error with a sentence for the user where an option or the URL makes no sense. */
export function readSettings(args: string[], environment: NodeJS.ProcessEnv): Settings {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string' },
      room: { type: 'string' },
      file: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const url = values.url ?? environment.PARLEY_URL ?? `http://localhost:${environment.PORT || 4000}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Error(`${url} is not the URL of a server. It looks like http://localhost:4000.`);
  }
  return {
    endpoint: new URL('graphql', url.endsWith('/') ? url : `${url}/`),
    room: values.room ?? null,
    files: values.file ?? [],
    email: environment.PARLEY_EMAIL ?? null,
    password: environment.PARLEY_PASSWORD ?? null,
    apiKey: environment.PARLEY_API_KEY ?? null,
    help: values.help ?? false,
  };
}
