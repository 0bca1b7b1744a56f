import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { Kernel } from '#core/kernel';
import type { Peers } from '#core/peer/peer';
import { ALL_PERMISSIONS } from '#core/permission';
import type { Viewer } from '#core/viewer';

/** What the person who starts Parley for the first time is told, once. */
export interface Welcome {
  email: string;
  /** Null where it came from PARLEY_OWNER_PASSWORD: whoever set it knows it. */
  password: string | null;
}

const DEFAULT_EMAIL = 'owner@parley.local';
const SETTING = 'installation';
const PASSWORD_FILE = 'owner-password';

interface Installation {
  orgId: string;
  userId: string;
  email: string;
  /** Whether the agent and the room to begin with have been made. */
  furnished: boolean;
  /** Whether the password has been shown. */
  announced: boolean;
}

/** An arbitrary number that says "an installation is being made": servers that start together take turns by it. */
const LOCK = 7_265_533;

/**
 * Makes sure that somebody can log in and finds an agent and a room. Each step is written down once it is done and does no
 * harm when it is repeated, so that a start that is cut off goes on where it was. A made-up password is kept in a file of
 * mode 0600 until `noteWelcomed`.
 * @returns null where there is nothing to tell.
 */
export async function ensureInstallation(kernel: Kernel, dataFolder: string): Promise<Welcome | null> {
  // A connection of its own: whoever dies lets go of the lock with it.
  const client = await kernel.database.systemPool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    return await ensureInTurn(kernel, dataFolder);
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => {});
    client.release();
  }
}

async function ensureInTurn(kernel: Kernel, dataFolder: string): Promise<Welcome | null> {
  const { environment, database } = kernel;
  const pool = database.systemPool;
  const passwordFile = join(dataFolder, PASSWORD_FILE);
  let installation = await read(pool);
  if (!installation) {
    const email = environment.PARLEY_OWNER_EMAIL ?? DEFAULT_EMAIL;
    const password = environment.PARLEY_OWNER_PASSWORD ?? (await keptPassword(passwordFile));
    const founded = await found(kernel, email.trim().toLowerCase(), password);
    if (!founded) {
      await rm(passwordFile, { force: true });
      return null;
    }
    installation = { ...founded, email, furnished: false, announced: false };
    await write(pool, installation);
  }
  if (!installation.furnished) {
    await furnish(kernel, installation);
    installation = { ...installation, furnished: true };
    await write(pool, installation);
  }
  if (installation.announced) return null;
  const password = await readFile(passwordFile, 'utf8').catch(() => null);
  // Else another server has made the owner, and has the password to show.
  if (password === null && environment.PARLEY_OWNER_PASSWORD === undefined) return null;
  return { email: installation.email, password };
}

/** To be called once the welcome has been shown: it is not shown again, and the made-up password is forgotten. */
export async function noteWelcomed(kernel: Kernel, dataFolder: string): Promise<void> {
  const pool = kernel.database.systemPool;
  const installation = await read(pool);
  if (installation) await write(pool, { ...installation, announced: true });
  await rm(join(dataFolder, PASSWORD_FILE), { force: true });
}

async function keptPassword(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept) return kept;
  const made = randomBytes(15).toString('base64url');
  await writeFile(file, made, { mode: 0o600 });
  return made;
}

async function read(pool: pg.Pool): Promise<Installation | null> {
  const { rows } = await pool.query<{ value: Installation }>('select value from settings where key = $1', [SETTING]);
  return rows[0]?.value ?? null;
}

async function write(pool: pg.Pool, installation: Installation): Promise<void> {
  await pool.query(
    'insert into settings (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value',
    [SETTING, JSON.stringify(installation)],
  );
}

async function found({ peers }: Kernel, email: string, password: string) {
  const { foundInstallation } = await peers.call<{
    foundInstallation: { userId: string; organizationId: string } | null;
  }>('identity', {
    query: `mutation ($input: FoundInstallationInput!) {
      foundInstallation(input: $input) { userId organizationId }
    }`,
    variables: { input: { email, password, name: 'Owner', organizationName: 'My organization' } },
    viewer: null,
  });
  return foundInstallation && { userId: foundInstallation.userId, orgId: foundInstallation.organizationId };
}

/** An agent that answers without any set-up, and a room with it and the owner, where an earlier start has not got to it. */
async function furnish({ peers }: Kernel, { orgId, userId }: Installation): Promise<void> {
  const viewer: Viewer = {
    userId,
    orgId,
    userKind: 'HUMAN',
    role: 'OWNER',
    permissions: ALL_PERMISSIONS,
    credential: { kind: 'SESSION', id: userId, expiresAt: null },
  };
  const { agents } = await peers.call<{ agents: { nodes: { id: string }[] } }>('agents', {
    query: '{ agents(first: 1) { nodes { id } } }',
    viewer,
  });
  const agentId = agents.nodes[0]?.id ?? (await makeAgent(peers, viewer));
  const { conversations } = await peers.call<{ conversations: { nodes: { id: string }[] } }>('conversations', {
    query: '{ conversations(first: 1) { nodes { id } } }',
    viewer,
  });
  if (conversations.nodes.length > 0) return;
  await peers.call('conversations', {
    query: 'mutation ($input: CreateConversationInput!) { createConversation(input: $input) { conversation { id } } }',
    variables: { input: { title: 'Welcome', agentIds: [agentId] } },
    viewer,
  });
}

async function makeAgent(peers: Peers, viewer: Viewer): Promise<string> {
  const { createAgent } = await peers.call<{ createAgent: { agent: { id: string } } }>('agents', {
    query: 'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }',
    variables: {
      input: {
        name: 'Assistant',
        description: 'Answers with the default model of this server.',
        instructions: 'You are a helpful assistant. Answer briefly and in the language of the question.',
      },
    },
    viewer,
  });
  return createAgent.agent.id;
}
