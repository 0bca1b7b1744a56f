import { describe, expect, it } from 'vitest';
import { validate } from '#core/validate';
import { agentFields, readDefinition, withFields } from './agent-definition.ts';

const problemsOf = (input: object) => {
  try {
    validate(agentFields.partial(), input);
    return [];
  } catch (error) {
    return (error as { extensions: { fields: { path: string; message: string }[] } }).extensions.fields;
  }
};

const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, 'x']));

describe('what is refused, and where', () => {
  it.each<[string, object, string, RegExp]>([
    ['no name', { name: null }, 'input.name', /Give the agent a name/],
    ['a blank name', { name: ' ' }, 'input.name', /Give the agent a name/],
    ['a long name', { name: 'x'.repeat(101) }, 'input.name', /at most 100/],
    ['a name of two lines', { name: 'a\nb' }, 'input.name', /one line/],
    ['a NUL', { instructions: 'a\0b' }, 'input.instructions', /cannot be stored/],
    ['half a surrogate pair', { greeting: 'a\uD83D' }, 'input.greeting', /cannot be stored/],
    ['a long description', { description: 'x'.repeat(2_001) }, 'input.description', /at most 2,000/],
    ['long instructions', { instructions: 'x'.repeat(100_001) }, 'input.instructions', /at most 100,000/],
    ['a blank model', { model: ' ' }, 'input.model', /leave it out for the default/],
    ['a temperature below 0', { temperature: -0.1 }, 'input.temperature', /between 0 and 2/],
    ['a temperature above 2', { temperature: 2.1 }, 'input.temperature', /between 0 and 2/],
    ['no room for an answer', { maxOutputTokens: 0 }, 'input.maxOutputTokens', /at least 1/],
    ['too much room', { maxOutputTokens: 1_000_001 }, 'input.maxOutputTokens', /at most 1,000,000/],
    ['an empty thinking', { thinking: {} }, 'input.thinking', /either budgetTokens or effort/],
    ['both ways', { thinking: { budgetTokens: 1, effort: 'LOW' } }, 'input.thinking', /either budgetTokens or effort/],
    ['a budget below -1', { thinking: { budgetTokens: -2 } }, 'input.thinking.budgetTokens', /must be -1/],
    ['a tool without a name', { tools: [{ name: 'a b' }] }, 'input.tools.0.name', /not the name of a tool/],
    ['a tool twice', { tools: [{ name: 'a' }, { name: 'a' }] }, 'input.tools', /twice/],
    [
      'a condition that cannot be read',
      { tools: [{ name: 'a' }, { name: 'b', approval: { rule: 'WHEN', condition: 'args.x >' } }] },
      'input.tools.1.approval.condition',
      /line 1, column 9/,
    ],
    [
      'no condition',
      { tools: [{ name: 'a', approval: { rule: 'WHEN' } }] },
      'input.tools.0.approval.condition',
      /no cond/,
    ],
    [
      'a condition without effect',
      { tools: [{ name: 'a', approval: { rule: 'ALWAYS', condition: 'true' } }] },
      'input.tools.0.approval.condition',
      /no effect: the rule is ALWAYS/,
    ],
    [
      'an approval that waits too long',
      { tools: [{ name: 'a', approval: { rule: 'ALWAYS', expiresInSeconds: 2_592_001 } }] },
      'input.tools.0.approval.expiresInSeconds',
      /2592000/,
    ],
    ['a schema that is none', { outputSchema: { type: 'text' } }, 'input.outputSchema', /not a JSON Schema/],
    ['a schema that cannot be stored', { outputSchema: { title: 'a\0b' } }, 'input.outputSchema', /cannot be stored/],
    ['half a character in a schema', { outputSchema: { title: 'a\uD83D' } }, 'input.outputSchema', /cannot be stored/],
    ['a limit of nothing', { limits: { maxSteps: 0 } }, 'input.limits.maxSteps', /at least 1/],
    ['a limit beyond ours', { limits: { maxDepth: 11 } }, 'input.limits.maxDepth', /at most 10/],
    ['metadata that is no text', { metadata: { a: 1 } }, 'input.metadata.a', /expected string/],
    ['a bad key', { metadata: { 'a b': 'x' } }, 'input.metadata.a b', /begin with a letter/],
    ['too many entries', { metadata: keys(17) }, 'input.metadata', /at most 16/],
  ])('%s', (_, input, path, message) => {
    expect(problemsOf(input)).toMatchObject([{ path, message: expect.stringMatching(message) }]);
  });

  it('says everything at once', () => {
    const paths = problemsOf({ name: '', temperature: 3, maxOutputTokens: -1 }).map((problem) => problem.path);
    expect(paths).toEqual(['input.name', 'input.temperature', 'input.maxOutputTokens']);
  });
});

it('takes every setting at its limit', () => {
  const input = {
    name: 'x'.repeat(100),
    description: 'x'.repeat(2_000),
    instructions: '\u{1F600}\n'.repeat(33_333),
    model: 'gemini/gemini-2.5-flash',
    temperature: 2,
    maxOutputTokens: 1_000_000,
    thinking: { budgetTokens: -1 },
    greeting: 'Hello',
    tools: [{ name: 'a', approval: { rule: 'WHEN', condition: 'args.sum > 100', expiresInSeconds: 2_592_000 } }],
    outputSchema: { type: 'object', properties: { sum: { type: 'number' } } },
    limits: { maxTokens: 1_000_000_000, maxCostMicros: 1_000_000_000_000, onLimit: 'SUMMARISE' },
    metadata: keys(16),
  };
  expect(problemsOf(input)).toEqual([]);
});

it('keeps what is absent and takes away what is null', () => {
  const before = withFields(
    validate(agentFields.partial(), { name: 'A', instructions: 'B', temperature: 1, metadata: { a: 'b' } }),
  );
  const edits = validate(agentFields.partial(), {
    instructions: null,
    temperature: null,
    metadata: null,
    greeting: '',
  });
  expect(withFields(edits, before)).toMatchObject({
    name: 'A',
    definition: { instructions: '', temperature: null, metadata: {}, greeting: null, model: null },
  });
});

it('does not take a definition of another make for its own', () => {
  const { definition } = withFields({ name: 'A' });
  expect(readDefinition(definition)).toBe(definition);
  expect(() => readDefinition({ ...definition, kind: 'FLOW' })).toThrow(/kind FLOW/);
  expect(() => readDefinition({ ...definition, schema: 3 })).toThrow(/schema 3/);
});

it('reads what was stored before there were tools and teams', () => {
  const {
    tools: _tools,
    outputSchema: _schema,
    limits: _limits,
    team: _team,
    ...rest
  } = withFields({ name: 'A' }).definition;
  expect(readDefinition({ ...rest, schema: 1 })).toEqual(withFields({ name: 'A' }).definition);
});
