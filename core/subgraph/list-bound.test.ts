import { buildSchema, execute, type GraphQLSchema, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { boundLists } from './list-bound.ts';

/** A list whose entries hold lists again, each of three, some of them promised. */
function tree(maxEntries: number): GraphQLSchema {
  const schema = buildSchema(
    'type Query { leaves: [Leaf!] names: [String!]! one: Leaf } type Leaf { leaves: [Leaf!] name: String }',
  );
  const leaf = (): object => ({ name: 'x', leaves: () => [leaf(), leaf(), leaf()] });
  const fields = schema.getQueryType()?.getFields();
  if (fields?.leaves) fields.leaves.resolve = async () => [leaf(), leaf(), leaf()];
  if (fields?.names) fields.names.resolve = () => ['a', 'b', 'c'];
  if (fields?.one) fields.one.resolve = leaf;
  boundLists(schema, maxEntries);
  return schema;
}

const ask = (maxEntries: number, source: string) =>
  execute({ schema: tree(maxEntries), document: parse(source), contextValue: {} });

describe('the entries of an answer', () => {
  it.each<[number, string]>([
    [3, '{ leaves { name } }'],
    [3, '{ names one { name } }'],
    [6, '{ leaves { name } names }'],
    [6, '{ a: leaves { name } b: leaves { name } }'],
    [12, '{ leaves { leaves { name } } }'],
    [39, '{ leaves { leaves { leaves { name } } } }'],
  ])('are %i for %s', async (count, source) => {
    expect((await ask(count, source)).errors).toBeUndefined();
    const { errors } = await ask(count - 1, source);
    expect(errors?.[0]?.message).toContain(`more than ${count - 1} entries`);
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('are counted anew for each operation', async () => {
    const schema = tree(3);
    for (let times = 0; times < 3; times++) {
      const result = await execute({ schema, document: parse('{ names }'), contextValue: {} });
      expect(result.errors).toBeUndefined();
    }
  });
});
