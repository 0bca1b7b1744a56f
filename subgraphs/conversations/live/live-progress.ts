import type { LivePayloads, LiveStreamEvent } from './live-event.ts';

export interface ProgressStart {
  /** Turns that have ended. */
  turn: number;
  audioIndex: number;
  settledSequence: number;
  /** The newest input that was taken, as far as that was noted: the stream may know of newer ones. */
  lastSequence: number;
}

/** Where a session stands, as far as its stream tells. */
export interface LiveProgress {
  /** What was sent and not answered, with its place in the stream, oldest first. */
  inputs: (LivePayloads['LiveInput'] & { seq: number })[];
  /** The newest that was taken. */
  lastSequence: number;
  /** What the next piece of audio is numbered. */
  audioIndex: number;
  /** What the open turn has so far, in words. */
  said: { user: string; model: string };
  /** Whether anything of the open turn was shown. */
  isOpen: boolean;
}

/** Reads what came after the last turn that ended. Pure. */
export function readProgress(start: ProgressStart, events: readonly LiveStreamEvent[]): LiveProgress {
  const progress: LiveProgress = {
    inputs: [],
    lastSequence: Math.max(start.settledSequence, start.lastSequence),
    audioIndex: start.audioIndex,
    said: { user: '', model: '' },
    isOpen: false,
  };
  for (const { type, payload, seq } of events) {
    if (type === 'LiveInput') {
      progress.lastSequence = Math.max(progress.lastSequence, payload.sequence);
      if (payload.sequence > start.settledSequence) progress.inputs.push({ ...payload, seq });
      continue;
    }
    if (type === 'LiveAudio') progress.audioIndex = Math.max(progress.audioIndex, payload.index + 1);
    if (!('turn' in payload) || payload.turn <= start.turn || type === 'LiveUsage') continue;
    progress.isOpen = type !== 'LiveTurnRestarted';
    if (type === 'LiveTurnRestarted') progress.said = { user: '', model: '' };
    if (type === 'LiveInputTranscript') progress.said.user += payload.text;
    if (type === 'LiveText' || type === 'LiveOutputTranscript') progress.said.model += payload.text;
  }
  return progress;
}

/** The words of both sides of a turn that did not end: what was written counts once the model had begun to answer it. */
export function wordsOf({ said, inputs }: LiveProgress): { user: string; model: string } {
  const written = inputs.map(({ text }) => text ?? '').join('');
  return { user: [written, said.user].filter(Boolean).join('\n'), model: said.model };
}
