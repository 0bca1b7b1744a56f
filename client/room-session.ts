import type { ChatApi } from './api.ts';
import type { Message, RoomSummary } from './operation.ts';
import type { RoomEvent } from './room-event.ts';
import { followRoom } from './room-feed.ts';
import { takeoverNote } from './room-note.ts';
import { printable } from './style.ts';
import type { Transcript } from './transcript.ts';

/** How many messages are shown of a room that is entered. */
const SHOWN_ON_ENTRY = 20;
/** How far back another version of a message may begin for it to be shown with what follows it. */
const SHOWN_OF_VERSION = 100;

/** A room that is being followed. */
export interface RoomSession {
  room: RoomSummary;
  /** Ends with an error where the server will not go on; never while the room is followed. */
  ended: Promise<void>;
  leave(): void;
}

export interface RoomSessionOptions {
  transcript: Transcript;
  onEntry(room: RoomSummary, messages: Message[]): void;
  /** Is told the cursor up to which all has been shown. */
  onRead?(cursor: string): void;
}

/** Loads a room and follows it from exactly there on, through lost connections and restarts of the server. */
export async function enterRoom(
  api: ChatApi,
  id: string,
  { transcript, onEntry, onRead }: RoomSessionOptions,
): Promise<RoomSession> {
  const { cursor, messages, runs, takeovers, approvals, ...room } = await api.enter(id, SHOWN_ON_ENTRY);
  onEntry(room, messages);
  transcript.loaded(runs);
  for (const takeover of takeovers) transcript.note(printable(takeoverNote(takeover)));
  for (const approval of approvals) transcript.approval(approval);
  onRead?.(cursor);
  const leaving = new AbortController();
  let isLost = false;

  /** What happened in between is no longer kept event by event: the messages tell. */
  const reload = async (): Promise<void> => {
    transcript.note('Some of what happened is too long ago to be replayed. Loading the room anew.');
    transcript.history((await api.enter(id, SHOWN_ON_ENTRY)).messages);
  };

  /** Of a version that was there before no events come. That of an answer to come follows as any message. */
  const showVersion = async (from: string): Promise<void> => {
    const shownBefore = transcript.shown;
    const { messages } = await api.enter(id, SHOWN_OF_VERSION);
    if (leaving.signal.aborted) return;
    const index = messages.findIndex((message) => message.id === from);
    if (index >= 0) transcript.again(messages.slice(index), shownBefore);
  };
  const complain = (error: Error) => transcript.problem(error.message);

  const ended = followRoom({
    endpoint: api.endpoint,
    credential: api.credential,
    conversationId: id,
    after: cursor,
    signal: leaving.signal,
    onEvent(event: RoomEvent) {
      if (event.__typename === 'StreamGap') void reload().catch(complain);
      else transcript.event(event);
      if (event.__typename === 'MessageCompleted' || event.__typename === 'MessageAdded') onRead?.(event.cursor);
      if (event.__typename === 'BranchSelected') void showVersion(event.messageId).catch(complain);
    },
    onConnection(state) {
      if (state === 'lost' && !isLost) transcript.note('Connection lost, reconnecting …');
      if (state === 'live' && isLost) transcript.note('Connected again.');
      isLost = state === 'lost';
    },
  });
  return { room, ended, leave: () => leaving.abort() };
}
