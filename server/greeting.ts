import type { Welcome } from './first-start.ts';

export interface Greeting {
  /** How this server is reached from a browser on this machine. */
  base: string;
  welcome: Welcome | null;
  /** Where this installation keeps its files. */
  dataFolder: string;
  /** How long the start took. */
  seconds: number;
}

/** Where the chat client looks for a server without being told. */
const CHAT_DEFAULT = 'http://localhost:4000';

/** Tells the person at the terminal where everything is. */
export function greet({ base, welcome, dataFolder, seconds }: Greeting): void {
  const lines = [
    '',
    `  Parley is ready (${seconds.toFixed(1)} s)`,
    '',
    `  API          ${base}/graphql   (in a browser: Apollo Sandbox)`,
    `  WebSocket    ${base.replace(/^http/, 'ws')}/graphql`,
    `  GraphiQL     ${base}/graphiql`,
    `  Health       ${base}/readyz`,
    `  Chat         npm run chat${base === CHAT_DEFAULT ? '' : ` -- --url ${base}`}`,
    `  Data         ${dataFolder}`,
    ...owner(welcome),
    '',
    '  Ctrl-C stops it, and everything that it has started.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function owner(welcome: Welcome | null): string[] {
  if (!welcome) return [];
  const password = welcome.password ?? '(the one in PARLEY_OWNER_PASSWORD)';
  return [
    '',
    '  Log in as the owner. The password is shown this once:',
    `    e-mail     ${welcome.email}`,
    `    password   ${password}`,
  ];
}
