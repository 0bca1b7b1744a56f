import { describe, expect, it } from 'vitest';
import type { JsonValue } from '#core/model/model.port';
import { cutResult } from '#core/tool/cut-result';
import { forOthers, isPersonal, type ShownStep } from './personal-memory.ts';

const mine = { scope: 'person', label: 'health', description: 'Of the heart', revision: 1, text: 'SECRET' };
const ours = { scope: 'shared', label: 'rules', revision: 2, text: 'Be kind.' };

const stepOf = (part: Partial<ShownStep>): ShownStep => ({
  kind: 'TOOL',
  name: 'memory_read',
  input: null,
  output: null,
  ...part,
});
const withoutPersonal = (output: JsonValue) => forOthers(stepOf({ output })).output;

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
});

describe('what others see of what an agent has written down of a person', () => {
  const args = { operation: 'append', scope: 'person', label: 'health', text: 'SECRET' };
  const call = { type: 'tool_call', id: 'a', name: 'memory_write', args };

  it('is which block it was', () => {
    expect(forOthers(stepOf({ name: 'memory_write', input: args, output: { revision: 2 } }))).toEqual({
      input: { scope: 'person', label: 'health', withheld: true },
      output: { revision: 2 },
    });
    const said = { parts: [{ type: 'text', text: 'Noted.' }, call], rawParts: { parts: ['SECRET'] }, reason: 'STOP' };
    expect(forOthers(stepOf({ kind: 'MODEL', name: 'Ada', output: said })).output).toEqual({
      parts: [
        { type: 'text', text: 'Noted.' },
        { ...call, args: { scope: 'person', label: 'health', withheld: true } },
      ],
      rawParts: null,
      reason: 'STOP',
    });
  });

  it.each<[boolean, Partial<ShownStep>]>([
    [true, { name: 'memory_read' }],
    [true, { name: 'memory_write', input: args }],
    [true, { name: 'memory_write', input: { ...args, scope: 'toString' } }],
    [true, { name: 'memory_write', input: null }],
    [false, { name: 'memory_write', input: { ...args, scope: 'room' } }],
    [false, { name: 'calculator' }],
    [false, { kind: 'AGENT', name: 'memory_read' }],
    [true, { kind: 'MODEL', output: { parts: [call] } }],
    [false, { kind: 'MODEL', output: { parts: [{ ...call, args: { ...args, scope: 'own' } }] } }],
    [false, { kind: 'MODEL', output: { parts: [{ ...call, name: 'calculator' }] } }],
    [false, { kind: 'MODEL', output: null }],
  ])('concerns it (%s): %j', (concerned, part) => {
    expect(isPersonal(stepOf(part))).toBe(concerned);
  });
});
