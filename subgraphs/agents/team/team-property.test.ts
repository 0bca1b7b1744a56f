import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { validate } from '#core/validate';
import { agentFields, readDefinition, withFields } from '../agent-definition.ts';
import { diffContent } from '../agent-diff.ts';
import { TeamMaker } from './team-call.fixture.ts';

const ID = '01a211d7-18ea-7499-8a39-cd878e044727';

const text = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((each) => !each.includes('{{') && !each.includes('}}'));
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const words = ['a', 'b_2', 'writer', 'x9'];
const keys = fc
  .subarray(words, { minLength: 1 })
  .chain((some) => fc.shuffledSubarray(some, { minLength: some.length }));

const step = (node: string, before: string[]) =>
  fc.oneof(
    fc.record({ node: fc.constant(node), input: optional(fc.constantFrom('LAST', 'ALL')) }),
    fc.record({
      node: fc.constant(node),
      mapping: text.map((each) => `x${each}{{input}}${before.map((key) => `{{ outputs.${key}.a }}`).join('')}`),
    }),
    fc.record({ node: fc.constant(node), defaultValue: text }),
    fc.record({ node: fc.constant(node), onError: fc.constant('SKIP') }),
  );

const rule = (node: string, facts: string[]) => fc.constantFrom(...facts).map((condition) => ({ condition, node }));

/** Any pattern over the nodes, as a client could send it, that is sound. */
const pattern = (nodes: string[]): fc.Arbitrary<object> => {
  const one = fc.constantFrom(...nodes);
  const all = <T>(make: (node: string, index: number) => fc.Arbitrary<T>) => fc.tuple(...nodes.map(make));
  const others = nodes.slice(1);
  return fc.oneof(
    all((node, index) => step(node, nodes.slice(0, index))).map((steps) => ({ sequential: { steps } })),
    fc.constantFrom({ sequential: {} }, { supervisor: {} }),
    fc
      .record({
        history: optional(fc.constantFrom('FULL', 'SUMMARY', 'NONE')),
        returns: optional(fc.constantFrom('STICKY', 'RETURN_TO_PARENT', 'RETURN_TO_ROOT_NEXT_TURN')),
        edges: fc.constant(others.map((to) => ({ from: nodes[0], to }))),
      })
      .map((handoff) => ({ handoff })),
    fc
      .record({
        joinCount: optional(fc.integer({ min: 1, max: nodes.length })),
        merge: optional(fc.constantFrom('CONCAT', 'MERGE', 'VOTE')),
        onFailure: optional(fc.constantFrom('COLLECT', 'FAIL_FAST')),
        branchRetries: optional(fc.integer({ min: 0, max: 5 })),
      })
      .map((parallel) => ({ parallel })),
    fc
      .record({
        rules: fc.array(
          one.chain((node) => rule(node, ['hour < 12', 'input.contains("x")'])),
          { maxLength: 4 },
        ),
        threshold: optional(fc.double({ min: 0, max: 1, noNaN: true })),
        defaultNode: optional(one),
        selection: optional(fc.constantFrom('PRIORITY', 'WEIGHTED', 'ROUND_ROBIN', 'LEAST_LOADED')),
        groups: fc.constantFrom([], [{ nodes: nodes.map((node) => ({ node })) }]),
      })
      .map((router) => ({ router })),
    fc
      .record({ criteria: optional(text), maxIterations: fc.integer({ min: 1, max: 50 }) })
      .map((loop) => ({ loop: { ...loop, ...(others[0] && { judge: others[0] }) } })),
    fc
      .record({
        maxRounds: fc.integer({ min: 1, max: 50 }),
        speaker: fc.constantFrom('ROUND_ROBIN', 'MODEL', 'MENTION'),
      })
      .map((groupChat) => ({ groupChat })),
    all((node) => rule(node, ['round > 1', 'lastSpeaker == "a"'])).map((rules) => ({
      groupChat: { rules, maxRounds: 3 },
    })),
  );
};

const usedKeys = (nodes: string[], flow: object): string[] => ('loop' in flow ? nodes.slice(0, 2) : nodes);

const team = (agentId: string) =>
  keys.chain((nodes) =>
    pattern(nodes).chain((flow) =>
      fc.tuple(...usedKeys(nodes, flow).map(() => optional(text))).map((descriptions) => ({
        nodes: descriptions.map((description, index) => ({ key: nodes[index], agentId, description })),
        ...flow,
      })),
    ),
  );

const fieldsOf = (input: object) => validate(agentFields.partial(), input);

describe('any sound team', () => {
  it('stays what it is when it is stored and read, and when it is told from itself', () => {
    fc.assert(
      fc.property(team(ID), (input) => {
        const content = withFields(fieldsOf({ name: 'Team', team: input }));
        const stored = JSON.parse(JSON.stringify(content.definition));
        expect(readDefinition(stored)).toEqual(content.definition);
        expect(diffContent(content, { ...content, definition: readDefinition(stored) })).toEqual([]);
      }),
    );
  });

  it('differs from another exactly where there is a difference to be told', () => {
    fc.assert(
      fc.property(team(ID), team(ID), (one, other) => {
        const [before, after] = [one, other].map((input) => withFields(fieldsOf({ name: 'Team', team: input })));
        if (!before || !after) throw new Error('There are two.');
        const isSame = JSON.stringify(plain(before.definition.team)) === JSON.stringify(plain(after.definition.team));
        expect(diffContent(before, after).length === 0).toBe(isSame);
      }),
    );
  });
});

/** Without what says nothing, and with the keys in one order. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== null && part !== '');
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, plain(part)]));
};

describe('any sound team, from outside', () => {
  let maker: TeamMaker;
  let ada: string;
  beforeAll(async () => {
    maker = await TeamMaker.open();
    ada = await maker.agent('Ada');
  });

  it('is saved, published and read, and its draft is what was published', async () => {
    await fc.assert(
      fc.asyncProperty(team(ID), async (input) => {
        const nodes = input.nodes.map((node) => ({ ...node, agentId: ada }));
        const id = await maker.agent('Team', { team: { ...input, nodes }, publish: false });
        await maker.publish(id);
        expect(await maker.diff(id, 1, null)).toEqual([]);
        const { agent } = await maker.client.request<{ agent: { team: { nodes: { key: string }[] } } }>(
          'query ($id: ID!) { agent(id: $id) { team { nodes { key } } } }',
          { id },
        );
        expect(agent.team.nodes.map(({ key }) => key)).toEqual(nodes.map(({ key }) => key));
      }),
      { numRuns: 25 },
    );
  });
});
