import { describe, expect, it } from 'vitest';
import { chooseResponder } from './responder.ts';

const AGENTS = ['Bob', 'Ada', 'Ada Lovelace', 'C++ (expert)', 'Zoë', 'İlker'].map((name) => ({ id: name, name }));

describe('which agent answers', () => {
  it.each([
    ['nobody is mentioned', 'Bob', 'Good morning'],
    ['a name without @ is no mention', 'Bob', 'I met Ada today'],
    ['a mention', 'Ada', 'What does @Ada think?'],
    ['whatever its case', 'Ada', '@ADA!'],
    ['the longest name that fits', 'Ada Lovelace', 'hello @ada lovelace'],
    ['the first of several', 'Zoë', '@Zoë and @Bob'],
    ['not the beginning of a longer word', 'Bob', '@Adam, @Bobby'],
    ['nor within an address', 'Bob', 'ada@ada.example'],
    ['but a later one on its own', 'Ada', '@Adam or rather @Ada'],
    ['marks in a name mean themselves', 'C++ (expert)', 'ask @c++ (expert).'],
    ['at the end of the text', 'Zoë', 'over to you, @zoë'],
    ['in whichever normal form', 'Zoë', 'over to you, @Zoe\u0308'],
    ['with punctuation around it', 'Ada', '(@Ada)'],
    ['a possessive', 'Ada', "that was @Ada's idea"],
  ])('%s: %s', (_why, expected, text) => {
    expect(chooseResponder(text, AGENTS)?.name).toBe(expected);
  });

  it('is nobody in a room without agents, and never one without a name', () => {
    expect(chooseResponder('@Ada', [])).toBeNull();
    expect(chooseResponder('@ everyone', [{ id: '1', name: '' }])).toEqual({ id: '1', name: '' });
  });
});
