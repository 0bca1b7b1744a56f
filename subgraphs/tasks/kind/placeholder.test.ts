import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '#core/model/model.port';
import { fillIn, isOpen } from './placeholder.ts';

const OUTPUTS: JsonValue[] = [
  { status: 200, body: 'first' },
  { text: 'second', list: [1, 2] },
];

describe('what a step takes from earlier ones', () => {
  it.each([
    ['the last output, as it is', '{{previous}}', OUTPUTS[1]],
    ['a part of it, as it is', ' {{ previous.list }} ', [1, 2]],
    ['an entry of a list', '{{previous.list.1}}', 2],
    ['that of a step', '{{steps.0.status}}', 200],
    ['within a text', 'Say {{previous.text}} twice: {{previous.text}}', 'Say second twice: second'],
    ['as JSON within a text', 'List {{previous.list}}.', 'List [1,2].'],
    ['nothing, where there is nothing', 'Say {{steps.7.text}}!', 'Say !'],
    ['null, where that is all', '{{previous.text.length}}', null],
    ['deep within', { a: [{ b: '{{previous.text}}' }, 3, null] }, { a: [{ b: 'second' }, 3, null] }],
    ['no other braces', '{{name}} {previous} {{steps.x}}', '{{name}} {previous} {{steps.x}}'],
    ['nothing of how things are made', '{{previous.constructor.name}}', null],
  ] as [string, JsonValue, JsonValue][])('%s', (_name, input, expected) => {
    expect(fillIn(input, OUTPUTS)).toEqual(expected);
  });

  it('changes nothing where nothing is open, and fills in once', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!isOpen(text));
        expect(fillIn(text, OUTPUTS)).toBe(text);
      }),
    );
    expect(fillIn('{{previous}}', ['{{previous}}'])).toBe('{{previous}}');
    expect(fillIn('a {{previous}}', ['{{previous}}'])).toBe('a {{previous}}');
  });
});
