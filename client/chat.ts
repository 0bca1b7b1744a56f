import { ChatApi } from './api.ts';
import type { Credential } from './credential.ts';
import { InteractiveChat } from './interactive.ts';
import { chatThroughPipe } from './piped.ts';
import { readSettings, type Settings, USAGE } from './settings.ts';
import { resumeSession, signInByAsking, signInFromEnvironment } from './sign-in.ts';
import { createPaint } from './style.ts';

const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
const paint = createPaint(isTerminal && !process.env.NO_COLOR);

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const warn = (error: unknown): void => {
  process.stderr.write(`${paint('dim', `· ${messageOf(error)} Trying again …`)}\n`);
};

async function signIn(settings: Settings): Promise<Credential> {
  const credential = (await signInFromEnvironment(settings, warn)) ?? (await resumeSession(settings, warn));
  if (credential) return credential;
  if (isTerminal) return signInByAsking(settings, warn);
  throw new Error(
    'Nobody is here to be asked for a password: set PARLEY_EMAIL and PARLEY_PASSWORD, or PARLEY_API_KEY.',
  );
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings.help) {
    process.stdout.write(USAGE);
    return;
  }
  let onTrouble = warn;
  const api = new ChatApi(settings.endpoint, await signIn(settings), (error) => onTrouble(error));
  const viewer = await api.viewer();
  const { room, files } = settings;
  const viewerId = viewer?.user?.id ?? null;
  if (!isTerminal) {
    const isWhole = await chatThroughPipe({ api, viewerId, room, files, input: process.stdin, output: process.stdout });
    process.exitCode = isWhole ? 0 : 1;
    return;
  }
  const name = viewer?.user?.name ?? 'an API key';
  process.stdout.write(
    `You are ${name} at ${viewer?.organization.name ?? settings.endpoint.host}. /help lists what there is.\n`,
  );
  const chat = new InteractiveChat({ api, viewerId, room, files, paint, input: process.stdin, output: process.stdout });
  onTrouble = (error) => chat.note(`${messageOf(error)} Trying again …`);
  await chat.run();
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
// Standard input may still be open, and would keep the process.
process.stdin.destroy();
