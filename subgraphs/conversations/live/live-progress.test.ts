import { describe, expect, it } from 'vitest';
import type { LiveEventName, LivePayloads, LiveStreamEvent } from './live-event.ts';
import { readProgress, wordsOf } from './live-progress.ts';

let seq = 0;
const event = <Name extends LiveEventName>(type: Name, payload: LivePayloads[Name]): LiveStreamEvent => {
  seq += 1;
  return { type, payload, seq, at: new Date(0) } as unknown as LiveStreamEvent;
};
const written = (sequence: number, text: string) =>
  event('LiveInput', { sequence, text, audio: null, endOfTurn: true });
const START = { turn: 2, audioIndex: 5, settledSequence: 4, lastSequence: 4 };
const progressOf = (...events: LiveStreamEvent[]) => readProgress(START, events);

describe('where a live session stands', () => {
  it('is where the last turn ended, with nothing behind that', () => {
    expect(progressOf()).toEqual({
      inputs: [],
      lastSequence: 4,
      audioIndex: 5,
      said: { user: '', model: '' },
      isOpen: false,
    });
  });

  it('has what was sent and not answered, and nothing that was', () => {
    const { inputs, lastSequence } = progressOf(written(4, 'old'), written(5, 'new'), written(6, 'newer'));
    expect(inputs.map(({ text }) => text)).toEqual(['new', 'newer']);
    expect(lastSequence).toBe(6);
    // Long ago: its stream is shorter than that.
    expect(readProgress({ ...START, lastSequence: 9 }, []).lastSequence).toBe(9);
  });

  it('has what was said in the open turn, and nothing of those before it', () => {
    const progress = progressOf(
      event('LiveOutputTranscript', { turn: 2, text: 'before' }),
      event('LiveAudio', { turn: 2, index: 4, mimeType: 'audio/pcm', data: '' }),
      written(5, 'Hi'),
      event('LiveInputTranscript', { turn: 3, text: 'there' }),
      event('LiveAudio', { turn: 3, index: 5, mimeType: 'audio/pcm', data: '' }),
      event('LiveOutputTranscript', { turn: 3, text: 'Hello ' }),
      event('LiveText', { turn: 3, text: 'you' }),
    );
    expect(progress).toMatchObject({ audioIndex: 6, isOpen: true, said: { user: 'there', model: 'Hello you' } });
    expect(wordsOf(progress)).toEqual({ user: 'Hi\nthere', model: 'Hello you' });
  });

  it('has nothing open behind a turn that begins again, though its audio was numbered', () => {
    const progress = progressOf(
      event('LiveAudio', { turn: 3, index: 5, mimeType: 'audio/pcm', data: '' }),
      event('LiveOutputTranscript', { turn: 3, text: 'void' }),
      event('LiveTurnRestarted', { turn: 3, dropBefore: 6 }),
    );
    expect(progress).toMatchObject({ audioIndex: 6, isOpen: false, said: { user: '', model: '' } });
    expect(readProgress(START, [event('LiveUsage', { turn: 3, usage: {} as never })]).isOpen).toBe(false);
  });
});
