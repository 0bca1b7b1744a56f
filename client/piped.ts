import { createInterface } from 'node:readline';
import type { ChatApi } from './api.ts';
import { NextLine } from './next-line.ts';
import type { RoomSummary } from './operation.ts';
import { findRoom, roomName } from './room-choice.ts';
import { enterRoom } from './room-session.ts';
import { plainScreen } from './screen.ts';
import { createPaint } from './style.ts';
import { Transcript } from './transcript.ts';

export interface PipedOptions {
  api: ChatApi;
  viewerId: string | null;
  /** The id or title of the room; null takes the latest. */
  room: string | null;
  /** The paths of what goes with the first line. */
  files: string[];
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}

/**
 * Sends each line of the input, writes out the reply to it, and goes on with the next.
 * @returns Whether every reply came to its end.
 */
export async function chatThroughPipe(options: PipedOptions): Promise<boolean> {
  const { api, viewerId, room: wanted, files, input, output } = options;
  const own = { id: viewerId, isShown: false };
  const transcript = new Transcript(plainScreen(output), createPaint(false), own, api.endpoint);
  const next = new NextLine(api);
  for (const path of files) await next.attach(path);
  const { id } = await pickRoom(api, wanted);
  const session = await enterRoom(api, id, { transcript, onEntry: () => {} });
  const lines = createInterface({ input });
  session.ended.catch(() => lines.close());
  let runId: string | null = null;
  let isCancelled = false;
  const interrupt = (): void => {
    isCancelled = true;
    if (runId) api.cancel(runId).catch((error: Error) => transcript.problem(error.message));
    else lines.close();
  };
  process.once('SIGINT', interrupt);
  let isWhole = true;
  try {
    for await (const line of lines) {
      if (isCancelled) break;
      if (line.trim() === '') continue;
      runId = await next.send(id, line);
      if (!runId) continue;
      const run = await Promise.race([transcript.whenEnded(runId), session.ended]);
      if (run?.state !== 'SUCCEEDED') isWhole = false;
      runId = null;
    }
  } finally {
    process.off('SIGINT', interrupt);
    session.leave();
    await session.ended;
  }
  return isWhole && !isCancelled;
}

async function pickRoom(api: ChatApi, wanted: string | null): Promise<RoomSummary> {
  const rooms = await api.rooms();
  const room = wanted === null ? rooms[0] : findRoom(rooms, wanted);
  if (room) return room;
  if (wanted !== null) throw new Error(`There is no room "${wanted}". There are: ${rooms.map(roomName).join('; ')}.`);
  const [agent] = await api.agents();
  return api.createRoom('Chat', agent ? [agent.id] : []);
}
