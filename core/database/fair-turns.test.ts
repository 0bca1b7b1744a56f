import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairTurns } from './fair-turns.ts';

/** Whoever asked, in the order in which they were served; each holds its place until it is told to give it back. */
function stage(options: { total: number; perGroup: number; patienceMs?: number }) {
  const turns = new FairTurns({ patienceMs: 60_000, ...options });
  const held: { group: string; give: () => void }[] = [];
  const served: string[] = [];
  return {
    held,
    served,
    ask: (group: string) => {
      const asked = turns.take(group).then((give) => {
        served.push(group);
        held.push({ group, give });
      });
      asked.catch(() => {});
      return asked;
    },
    async giveBack(index = 0) {
      held.splice(index, 1)[0]?.give();
      await settle();
    },
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('are given at once while there is room', async () => {
    const { ask, held } = stage({ total: 3, perGroup: 3 });
    await Promise.all([ask('a'), ask('a'), ask('b')]);
    expect(held).toHaveLength(3);
  });

  it('go from group to group, however many wait in one', async () => {
    const { ask, served, giveBack } = stage({ total: 1, perGroup: 1 });
    for (let count = 0; count < 50; count++) ask('a');
    ask('b');
    ask('c');
    await settle();
    for (let count = 0; count < 4; count++) await giveBack();
    expect(served).toEqual(['a', 'a', 'b', 'c', 'a']);
  });

  it('leave room for others than the one group that wants everything', async () => {
    const { ask, served } = stage({ total: 4, perGroup: 3 });
    for (let count = 0; count < 10; count++) ask('a');
    await settle();
    expect(served).toEqual(['a', 'a', 'a']);
    await ask('b');
    expect(served).toEqual(['a', 'a', 'a', 'b']);
  });

  it('are waited for so long and no longer', async () => {
    const { ask, held, giveBack } = stage({ total: 1, perGroup: 1, patienceMs: 10 });
    await ask('a');
    await expect(ask('a')).rejects.toThrow('timeout exceeded when trying to connect');
    await giveBack();
    expect(held).toEqual([]);
    await ask('a');
    expect(held).toHaveLength(1);
  });

  it('count a place that is given back twice once', async () => {
    const { ask, held } = stage({ total: 1, perGroup: 1 });
    await ask('a');
    const [{ give } = { give: () => {} }] = held;
    give();
    give();
    await ask('b');
    ask('c');
    await settle();
    expect(held.map(({ group }) => group)).toEqual(['a', 'b']);
  });

  it('keep to their bounds, leave no place unused that somebody could have, and serve everybody', async () => {
    const step = fc.oneof(fc.record({ ask: fc.constantFrom('a', 'b', 'c') }), fc.record({ give: fc.nat({ max: 10 }) }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, total, most) => {
          const perGroup = Math.min(most, total);
          const { ask, held, served, giveBack } = stage({ total, perGroup });
          const asked = new Map<string, number>();
          const countOf = (list: string[], group: string) => list.filter((each) => each === group).length;
          for (const each of steps) {
            if ('ask' in each) {
              asked.set(each.ask, (asked.get(each.ask) ?? 0) + 1);
              ask(each.ask);
              await settle();
            } else if (held.length > 0) await giveBack(each.give % held.length);
            const holding = held.map(({ group }) => group);
            expect(holding.length).toBeLessThanOrEqual(total);
            for (const [group, count] of asked) {
              expect(countOf(holding, group)).toBeLessThanOrEqual(perGroup);
              const waits = count > countOf(served, group);
              if (waits) expect(holding.length === total || countOf(holding, group) === perGroup).toBe(true);
            }
          }
          while (held.length > 0) await giveBack();
          expect(served).toHaveLength([...asked.values()].reduce((sum, count) => sum + count, 0));
        },
      ),
      { numRuns: 200 },
    );
  });
});
