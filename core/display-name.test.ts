import { expect, it } from 'vitest';
import { displayNameProblem, toDisplayName } from './display-name.ts';

it.each([
  'Ada Lovelace',
  'Ægir Þórsson',
  '李小龍',
  'محمد',
  'שרה',
  '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645',
  '\u0915\u094d\u200d\u0937',
  '👩\u200d💻 Dev',
  '🏴󠁧󠁢󠁳󠁣󠁴󠁿 Scots',
  'Zoë 🏳️\u200d🌈',
  "O'Brien & Sons (Ltd.) #1",
])('%s is a name', (name) => {
  expect(displayNameProblem(toDisplayName(name))).toBeNull();
});

it.each([
  ['a line break', 'Ada\nLovelace'],
  ['a tab', 'Ada\tLovelace'],
  ['a NUL', 'Ada\0'],
  ['a line separator', 'Ada\u2028Lovelace'],
  ['an override of direction', 'gnp.\u202eexe'],
  ['an isolate', '\u2066Ada\u2069'],
  ['a mark of direction', 'Ada\u200f'],
  ['a zero-width space', 'A\u200bda'],
  ['a word joiner', 'A\u2060da'],
  ['a byte order mark', 'A\ufeffda'],
  ['a soft hyphen', 'A\u00adda'],
  ['a filler that looks empty', '\u3164'],
  ['tags without a flag', 'Ada\u{e0041}'],
  ['a joiner at the end', 'Ada\u200d'],
  ['a joiner among spaces', 'Ada \u200c Lovelace'],
])('%s is refused', (_, name) => {
  expect(displayNameProblem(toDisplayName(name))).toMatch(/characters$/);
});

it('is composed, so that two that look alike are alike', () => {
  expect(toDisplayName(' Zoe\u0308 ')).toBe('Zo\u00eb');
});
