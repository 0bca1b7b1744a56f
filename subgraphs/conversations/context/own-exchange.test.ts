import { describe, expect, it } from 'vitest';
import type { JsonValue } from '#core/model/model.port';
import { type ExchangeStep, ownExchange } from './own-exchange.ts';

const RAW = { provider: 'gemini', model: 'gemini/x', parts: [{ thoughtSignature: 'c2ln' }] };
const said = (turn: number, text: string, ...calls: string[]): ExchangeStep => ({
  key: `model/${turn}`,
  output: {
    parts: [
      ...(text ? [{ type: 'text', text }] : []),
      ...calls.map((id) => ({ type: 'tool_call', id, name: 'look', args: {} })),
    ],
    rawParts: RAW,
    reason: 'STOP',
  } as JsonValue,
  error: null,
});
const found = (turn: number, index: number, output: JsonValue): ExchangeStep => ({
  key: `tool/${turn}.${index}`,
  output,
  error: null,
});

describe('how an agent came to its answer', () => {
  it('is what its model said, with the results of its tools, in the form in which it was said', () => {
    const steps = [said(1, 'Two.'), said(0, 'Wait.', 'a', 'b'), found(0, 1, 2), found(0, 0, 1)];
    expect(ownExchange(steps, 'Wait.\n\nTwo.')).toMatchObject([
      { role: 'model', rawParts: RAW },
      {
        role: 'tool',
        parts: [
          { id: 'a', result: 1 },
          { id: 'b', result: 2 },
        ],
      },
      { role: 'model', parts: [{ text: 'Two.' }], rawParts: RAW },
    ]);
  });

  it('tells of a tool that failed', () => {
    const failed = { ...found(0, 0, null), error: { code: 'TIMEOUT', message: 'Too slow.' } };
    expect(ownExchange([said(0, '', 'a'), failed, said(1, 'Sorry.')], 'Sorry.')?.[1]).toMatchObject({
      parts: [{ isError: true, result: { error: 'TIMEOUT' } }],
    });
  });

  it.each([
    ['a result is missing', [said(0, '', 'a'), said(1, 'Done.')], 'Done.'],
    ['the last answer is missing', [said(0, '', 'a'), found(0, 0, 1)], 'Done.'],
    ['something else was written', [said(0, '{bad')], '{}'],
    ['nothing was said', [said(0, '')], ''],
    ['a step has lost its output', [{ key: 'model/0', output: null, error: null }], 'Done.'],
    ['there are no steps', [], 'Done.'],
  ] as [string, ExchangeStep[], string][])('is not known where %s', (_name, steps, written) => {
    expect(ownExchange(steps, written)).toBeNull();
  });
});
