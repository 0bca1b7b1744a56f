import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './start-error.ts';

/** What a server answers to anyone who asks whether the folder is held. */
interface Answer {
  pid: number;
  /** Where the server is reached; undefined until it listens. */
  url?: string;
  /** `starting` while it still looks whether anybody else is there. */
  state: 'starting' | 'held';
}

export interface DataFolderHold {
  announce(url: string): void;
  release(): Promise<void>;
}

/** The shortest limit of a socket's path among the systems that Node runs on is 104 bytes (macOS), with a final zero. */
const LONGEST_SOCKET_PATH = 103;
const ANSWER_TIMEOUT_MS = 2_000;
const RETRY_MS = 20;

/**
 * Holds a data folder for this process through a live socket, which the system closes whenever the process ends, so a
 * crash leaves nothing to clear by hand. Each server has a socket of its own name, puts it there first, and looks for
 * others second: whoever comes at the same moment, at least one of two sees the other.
 * @param folder An absolute path with symbolic links resolved.
 * @throws StartError when another server holds the folder.
 */
export async function holdDataFolder(folder: string): Promise<DataFolderHold> {
  const name = `${process.pid}-${randomBytes(6).toString('hex')}.sock`;
  const directory = await socketDirectory(folder, name);
  const own: Answer = { pid: process.pid, state: 'starting' };
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(JSON.stringify(own));
  });
  const socketPath = path.join(directory, name);
  // Listening comes before the final name: nobody can find the socket while it does not answer yet.
  const hidden = path.join(directory, name.replace(/sock$/, 'new'));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(hidden, resolve));
  await rename(hidden, socketPath);
  server.unref();

  const release = async () => {
    await rm(socketPath, { force: true });
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    await refuseIfHeld(folder, directory, name);
  } catch (error) {
    await release();
    throw error;
  }
  own.state = 'held';
  return {
    announce: (url) => {
      own.url = url;
    },
    release,
  };
}

async function socketDirectory(folder: string, name: string): Promise<string> {
  const inside = path.join(folder, 'run');
  if (Buffer.byteLength(path.join(inside, name)) <= LONGEST_SOCKET_PATH) {
    await mkdir(inside, { recursive: true, mode: 0o700 });
    return inside;
  }
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const outside = path.join(tmpdir(), `parley-${hash}`);
  await mkdir(outside, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(outside);
  if (uid !== (process.geteuid?.() ?? uid)) {
    throw new StartError(`${outside} belongs to another user: delete it, or set PARLEY_DATA to a shorter path.`);
  }
  return outside;
}

async function refuseIfHeld(folder: string, directory: string, own: string): Promise<void> {
  const others = (await readdir(directory)).filter((name) => name.endsWith('.sock') && name !== own);
  for (const other of others) {
    for (;;) {
      const answer = await ask(path.join(directory, other));
      if (answer === undefined) {
        await rm(path.join(directory, other), { force: true });
        break;
      }
      // Of two that start at once and see each other, the one with the smaller name waits for the other to give way.
      if (answer.state === 'held' || other < own) throw inUse(folder, answer);
      await sleep(RETRY_MS);
    }
  }
}

function inUse(folder: string, { pid, url }: Answer): StartError {
  const where = url ? `process ${pid}, ${url}` : `process ${pid}`;
  return new StartError(
    `Parley already runs on the data folder ${folder} (${where}): stop it first, or set PARLEY_DATA to another folder.`,
  );
}

/** What the server behind a socket says; undefined when there is none. One that is too busy to answer counts as held. */
async function ask(socketPath: string): Promise<Answer | undefined> {
  return await new Promise((resolve) => {
    const silent: Answer = { pid: Number.parseInt(path.basename(socketPath), 10), state: 'held' };
    let connected = false;
    let text = '';
    const socket = connect(socketPath, () => {
      connected = true;
    });
    socket.setEncoding('utf8').setTimeout(ANSWER_TIMEOUT_MS, () => {
      resolve(silent);
      socket.destroy();
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => resolve(connected ? silent : undefined));
    socket.on('end', () => resolve(text === '' ? undefined : (parse(text) ?? silent)));
  });
}

function parse(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}
