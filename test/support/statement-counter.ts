import { connect, createServer, type Socket } from 'node:net';

/** PostgreSQL seen through a line that counts what the work within organizations asks of it. */
export interface StatementCounter {
  /** The URL of the database, by way of the line. */
  url: string;
  /** How many statements `work` made the scoped connections send; `set-org` aside, which depends on the connection. */
  count(work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

const SCOPED = Buffer.from('application_name\0parley\0');

/** Reads what a client sends, message by message: a type, a length, a body. The first message has no type. */
function createReader(onStatement: () => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0);
  let scoped: boolean | null = null;
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    if (scoped === null) {
      if (pending.length < 4 || pending.length < pending.readInt32BE(0)) return;
      const length = pending.readInt32BE(0);
      scoped = pending.subarray(0, length).includes(SCOPED);
      pending = pending.subarray(length);
    }
    while (scoped && pending.length >= 5 && pending.length >= 1 + pending.readInt32BE(1)) {
      const type = String.fromCharCode(pending[0] ?? 0);
      const length = 1 + pending.readInt32BE(1);
      // Bind: the portal's name, which is empty, then the statement's.
      const isBind = type === 'B' && pending.toString('utf8', 6, 13) !== 'set-org';
      if (isBind || type === 'Q') onStatement();
      pending = pending.subarray(length);
    }
  };
}

/** Opens a line to the server of `target` and counts the statements that pass. */
export async function openStatementCounter(target: string): Promise<StatementCounter> {
  const behind = new URL(target);
  const sockets = new Set<Socket>();
  let statements = 0;
  const server = createServer((near) => {
    const far = connect(Number(behind.port), behind.hostname);
    const read = createReader(() => {
      statements += 1;
    });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        if (from === near) read(chunk);
        to.write(chunk);
      });
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The line has no port.');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(address.port);
  return {
    url: url.href,
    async count(work) {
      const before = statements;
      await work();
      return statements - before;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
