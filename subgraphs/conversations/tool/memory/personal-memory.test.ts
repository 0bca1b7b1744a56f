import { describe, expect, it } from 'vitest';
import { cutResult } from '#core/tool/cut-result';
import { mayBePersonal, withoutPersonal } from './personal-memory.ts';

const mine = { scope: 'person', label: 'health', description: 'Of the heart', revision: 1, text: 'SECRET' };
const ours = { scope: 'shared', label: 'rules', revision: 2, text: 'Be kind.' };

describe('what others see of what an agent has read of its memory', () => {
  it('is everything but what it remembers of the person it answers', () => {
    expect(withoutPersonal({ blocks: [ours, mine], note: 'There is no block called x.' })).toEqual({
      blocks: [ours, { scope: 'person', label: 'health', withheld: true }],
      note: 'There is no block called x.',
    });
  });

  it.each([null, 'SECRET', ['SECRET'], {}, { blocks: 'SECRET' }, { text: 'SECRET' }])('is nothing of %j', (output) => {
    expect(withoutPersonal(output)).toBeNull();
  });

  it.each([{ ...mine, scope: null }, { ...mine, scope: 'toString' }, { text: 'SECRET' }, ['SECRET']])(
    'is no text of a block such as %j',
    (block) => {
      expect(JSON.stringify(withoutPersonal({ blocks: [block] }))).not.toContain('SECRET');
    },
  );

  it.each([600, 900, 2_000])('holds where the result was cut to %i characters', (characters) => {
    const long = { ...mine, text: 'SECRET '.repeat(500) };
    expect(JSON.stringify(cutResult({ blocks: [ours, long, long] }, characters))).toContain('SECRET');
    const shown = withoutPersonal(cutResult({ blocks: [ours, long, long] }, characters));
    expect(JSON.stringify(shown)).not.toContain('SECRET');
    expect(JSON.stringify(shown)).toContain('Be kind.');
  });

  it('concerns the reading of memory alone', () => {
    expect(mayBePersonal({ kind: 'TOOL', name: 'memory_read' })).toBe(true);
    expect(mayBePersonal({ kind: 'TOOL', name: 'calculator' })).toBe(false);
    expect(mayBePersonal({ kind: 'AGENT', name: 'memory_read' })).toBe(false);
  });
});
