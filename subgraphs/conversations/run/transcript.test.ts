import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTranscript, type Line } from './transcript.ts';

const NAMES = new Map([
  ['olga', 'Olga'],
  ['max', 'Max'],
  ['bob', 'Bob'],
]);
const user = (authorId: string, text: string): Line => ({ authorKind: 'USER', authorId, text });
const agent = (authorId: string, text: string): Line => ({ authorKind: 'AGENT', authorId, text });
const picture = (line: Line): Line => {
  const attachment = { id: line.text, fileName: 'a.png', mimeType: 'image/png', byteSize: 1_500 };
  return { ...line, text: '', parts: [{ __typename: 'ImagePart', attachment }] };
};
const A_PICTURE = '[The file "a.png", image/png, 1.5 kB]';
const build = (lines: Line[], maxCharacters = 1_000) =>
  buildTranscript(lines, { agentId: 'ada', names: NAMES, maxCharacters }).map(
    ({ role, parts }) => `${role}: ${parts.map((part) => (part.type === 'text' ? part.text : '?')).join(' | ')}`,
  );

describe('the room as the model sees it', () => {
  it.each([
    [
      'one person',
      [user('olga', 'hi'), agent('ada', 'hello'), user('olga', 'bye')],
      ['user: hi', 'model: hello', 'user: bye'],
    ],
    ['several people, by name', [user('olga', 'hi'), user('max', 'ho')], ['user: Olga: hi | Max: ho']],
    [
      'another agent, told apart from people',
      [user('olga', 'hi'), agent('bob', 'ho')],
      ['user: Olga: hi | Bob (agent): ho'],
    ],
    ['somebody without a name', [user('olga', 'hi'), user('gone', 'ho')], ['user: Olga: hi | ho']],
    ['neighbours of one side joined', [user('olga', 'a'), user('olga', 'b')], ['user: a | b']],
    ['empty lines left out', [user('olga', 'a'), agent('ada', ' \n'), user('olga', 'b')], ['user: a | b']],
    ['never the model first', [agent('ada', 'welcome'), user('olga', 'hi')], ['user: hi']],
    ['nothing', [], []],
    ['a picture and no word', [picture(user('olga', 'x'))], [`user: ${A_PICTURE}`]],
    [
      'a picture by one of several',
      [user('max', 'hi'), picture(user('olga', 'x'))],
      [`user: Max: hi | Olga: | ${A_PICTURE}`],
    ],
    [
      'its own pictures with what was said next',
      [user('olga', 'draw'), agent('ada', 'here'), picture(agent('ada', 'x')), user('olga', 'bluer')],
      ['user: draw', 'model: here', `user: [What you made before:] | ${A_PICTURE} | bluer`],
    ],
    [
      'its own pictures where nothing was said since',
      [user('olga', 'draw'), agent('ada', 'here'), picture(agent('ada', 'x'))],
      ['user: draw', 'model: here', `user: [What you made before:] | ${A_PICTURE}`],
    ],
  ] as [string, Line[], string[]][])('%s', (_name, lines, expected) => {
    expect(build(lines)).toEqual(expected);
  });

  it('shows an agent, and nobody else, how it came to its own lines', () => {
    const exchange = [
      { role: 'model' as const, parts: [{ type: 'tool_call' as const, id: '1', name: 'look', args: {} }] },
      { role: 'tool' as const, parts: [{ type: 'tool_result' as const, id: '1', name: 'look', result: 2 }] },
      { role: 'model' as const, parts: [{ type: 'text' as const, text: 'Two.' }] },
    ];
    const lines = [user('olga', 'look'), { ...agent('ada', 'Two.'), exchange }, user('olga', 'sure?')];
    expect(buildTranscript(lines, { agentId: 'ada', names: NAMES, maxCharacters: 1_000 })).toEqual([
      { role: 'user', parts: [{ type: 'text', text: 'look' }] },
      ...exchange,
      { role: 'user', parts: [{ type: 'text', text: 'sure?' }] },
    ]);
    // To others it is what was written.
    const bob = buildTranscript(lines, { agentId: 'bob', names: NAMES, maxCharacters: 1_000 });
    expect(bob).toHaveLength(1);
    expect(JSON.stringify(bob)).not.toContain('tool');
  });

  it('keeps the newest lines that fit, and the last one always', () => {
    const lines = [user('olga', 'aaaa'), agent('ada', 'bbbb'), user('olga', 'cccc')];
    expect(build(lines, 12)).toEqual(['user: aaaa', 'model: bbbb', 'user: cccc']);
    expect(build(lines, 11)).toEqual(['user: cccc']);
    expect(build(lines, 1)).toEqual(['user: cccc']);
  });

  it('alternates, begins with the user, and ends with what was said last', () => {
    const line = fc.record({
      authorKind: fc.constantFrom('USER' as const, 'AGENT' as const),
      authorId: fc.constantFrom('ada', 'olga', 'max', 'bob'),
      text: fc.string({ maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(line), fc.nat(60), (lines, maxCharacters) => {
        const turns = buildTranscript(lines, { agentId: 'ada', names: NAMES, maxCharacters });
        expect(turns.map(({ role }) => role)).toEqual(turns.map((_, index) => (index % 2 ? 'model' : 'user')));
        const last = lines.filter(({ text }) => text.trim() !== '').at(-1);
        const part = turns.at(-1)?.parts.at(-1);
        if (last && last.authorId !== 'ada') expect(part?.type === 'text' && part.text.endsWith(last.text)).toBe(true);
      }),
    );
  });
});
