import { CloseCode, type Server } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import type { RawData, WebSocket } from 'ws';
import type { Logger } from '#core/log';
import { boundMessage } from './bound-message.ts';

/** How often a client is asked whether it is there, and how long it has to answer, in milliseconds. */
const PING_EVERY_MS = 12_000;

/** What a client may leave unread while it goes on sending, in bytes: answers to its pings, say. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

export interface SpeechOptions {
  log: Logger;
  /** What one answer or event may have, in bytes. */
  maxResponseBytes: number;
}

/**
 * Lets graphql-ws speak with one client. What breaks goes into the log, where the library's own adapter would write to
 * the console, a stack trace for every client that talks nonsense.
 */
export function speak<E extends Extra>(server: Server<E>, extra: E, { log, maxResponseBytes }: SpeechOptions): void {
  const { socket } = extra;
  // The socket closes itself, with the code that fits; without a listener it would end the process.
  socket.on('error', (error) => log.debug({ err: error }, 'a socket broke'));
  const stopPinging = keepAlive(socket);
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (data) => send(socket, boundMessage(data, maxResponseBytes)),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (handle) => {
        socket.on('message', async (data: RawData) => {
          if (!isReading(socket)) return;
          try {
            await handle(String(data));
          } catch (error) {
            log.warn({ err: error }, 'a message on a socket could not be handled');
            socket.close(CloseCode.InternalServerError, 'Internal server error');
          }
        });
      },
    },
    extra,
  );
  socket.on('ping', () => isReading(socket));
  socket.once('close', (code, reason) => {
    stopPinging();
    closed(code, String(reason)).catch((error: unknown) => log.warn({ err: error }, 'a socket did not end cleanly'));
  });
}

/** Resolves once the client's turn has come, or at once where it has gone: its streams are ended by the close. */
const send = (socket: WebSocket, data: string): Promise<void> =>
  new Promise((resolve) => {
    if (socket.readyState === socket.OPEN) socket.send(data, () => resolve());
    else resolve();
  });

/** Every ping is answered with as much as it holds: a client that sends them and reads nothing would fill the memory. */
function isReading(socket: WebSocket): boolean {
  if (socket.bufferedAmount <= MAX_UNREAD_BYTES) return true;
  socket.terminate();
  return false;
}

/** Ends a socket whose client has gone without a word. Returns the function that stops looking. */
function keepAlive(socket: WebSocket): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    return socket.ping();
  }, PING_EVERY_MS);
  return () => clearInterval(timer);
}
