import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEmoji } from './emoji.ts';

describe('an emoji', () => {
  it.each(['👍', '❤️', '👍🏽', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🇩🇪', '1️⃣', '🧑🏿‍🚀', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'])('%s is one', (emoji) => {
    expect(readEmoji(emoji)).toBe(emoji);
  });

  it.each(['', ' ', 'a', '1', '👍👍', '👍 ', 'a👍', '🏽👍', '\u{200d}', '\u{fe0f}', '🇩', ':+1:', '<b>', '\ud83d'])(
    '%j is none',
    (text) => {
      expect(readEmoji(text)).toBeNull();
    },
  );

  it('is written in one way, with or without the selector that makes it one', () => {
    expect(readEmoji('\u{2764}')).toBe('\u{2764}\u{fe0f}');
    expect(readEmoji('\u{2764}\u{fe0f}')).toBe('\u{2764}\u{fe0f}');
  });

  it('is one grapheme, whatever is given', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 8 }), (text) => {
        const emoji = readEmoji(text);
        return emoji === null || [...segmenter.segment(emoji)].length === 1;
      }),
    );
  });
});
