import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Allowance } from './allowance.ts';
import { LimitReached } from './run-signal.ts';

describe('an allowance', () => {
  it('draws from everybody above it, and says whose limit it was', () => {
    const run = Allowance.ofRun({ maxToolCalls: 3 });
    const child = run.below('a/', { maxToolCalls: 2 });
    child.take('maxToolCalls');
    run.take('maxToolCalls');
    child.take('maxToolCalls');
    expect(() => child.take('maxToolCalls')).toThrow(new LimitReached('maxToolCalls', 'a/', 2));
    expect(() => run.below('b/', {}).take('maxToolCalls')).toThrow(new LimitReached('maxToolCalls', '', 3));
  });

  it('is never wider below than above', () => {
    const run = Allowance.ofRun({ maxParallel: 2, stepTimeoutMs: 1_000 });
    const child = run.below('a/', { maxParallel: 9, stepTimeoutMs: 10 });
    expect([child.bound('maxParallel'), child.bound('stepTimeoutMs')]).toEqual([2, 10]);
    expect(() => run.below('a/', {}).below('a/b/', {}).below('a/b/c/', {})).toThrow(/maxDepth/);
  });

  it('counts the depth from whoever set the limit', () => {
    const run = Allowance.ofRun({ maxDepth: 4 });
    const team = run.below('a/', {}).below('a/b/', { maxDepth: 2 });
    const deepest = team.below('a/b/c/', {});
    expect(deepest.depth).toBe(4);
    expect(() => deepest.below('a/b/c/d/', {})).toThrow(new LimitReached('maxDepth', 'a/b/', 2));
    expect(() => run.below('a/', { maxDepth: 9 }).below('b/', {}).below('c/', {}).below('d/', {})).toThrow(
      new LimitReached('maxDepth', '', 4),
    );
  });

  it('keeps tokens back for closing, and opens them then', () => {
    const run = Allowance.ofRun({ maxTokens: 1_000, onLimit: 'SUMMARISE' });
    run.hold(100, 800).hold.settle(800);
    expect(() => run.hold(150, 200)).toThrow(/maxTokens/);
    run.beginClosing();
    expect(run.hold(150, 400).tokens).toBe(200);
  });

  it('is raised by as much as people allow', () => {
    const run = Allowance.ofRun({ maxToolCalls: 1, onLimit: 'ESCALATE' });
    run.take('maxToolCalls');
    expect(() => run.take('maxToolCalls')).toThrow(expect.objectContaining({ asks: true }));
    run.raise('maxToolCalls', 1);
    run.take('maxToolCalls');
    run.refuse('maxToolCalls');
    expect(() => run.take('maxToolCalls')).toThrow(expect.objectContaining({ asks: false }));
  });

  it('never has more calls under way than anybody above allows, and lets all of them come to their turn', async () => {
    const bound = fc.integer({ min: 1, max: 3 });
    const call = fc.record({
      child: fc.integer({ min: 0, max: 2 }),
      ticks: fc.integer({ min: 0, max: 5 }),
      gaveUp: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        bound,
        fc.tuple(bound, bound, bound),
        fc.array(call, { maxLength: 20 }),
        async (above, below, calls) => {
          const run = Allowance.ofRun({ maxParallel: above });
          const children = below.map((maxParallel, index) => run.below(`${index}/`, { maxParallel }));
          const underWay = [0, 0, 0];
          const made = calls.map(async ({ child, ticks, gaveUp }) => {
            const stop = new AbortController();
            const called = (children[child] as Allowance).room(stop.signal)(async () => {
              underWay[child] = (underWay[child] ?? 0) + 1;
              expect(underWay[child]).toBeLessThanOrEqual(below[child] ?? 0);
              expect(underWay.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(above);
              for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
              underWay[child] = (underWay[child] ?? 0) - 1;
            });
            if (gaveUp) stop.abort(new Error('gave up'));
            return called.then(
              () => 'made',
              (error: Error) => error.message,
            );
          });
          for (const outcome of await Promise.all(made)) expect(['made', 'gave up']).toContain(outcome);
          expect(underWay).toEqual([0, 0, 0]);
        },
      ),
    );
  });

  it('never lets more tokens be used than there are, however many calls are under way', () => {
    const call = fc.record({
      child: fc.integer({ min: 0, max: 2 }),
      least: fc.integer({ min: 1, max: 300 }),
      most: fc.integer({ min: 0, max: 300 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      settle: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.array(call, { maxLength: 40 }), (maxTokens, calls) => {
        const run = Allowance.ofRun({ maxTokens });
        const children = [400, 900, 5_000].map((limit, index) => run.below(`${index}/`, { maxTokens: limit }));
        let used = 0;
        for (const { child, least, most, share, settle } of calls) {
          try {
            const { hold, tokens } = (children[child] as Allowance).hold(least, least + most);
            expect(tokens).toBeLessThanOrEqual(least + most);
            expect(tokens).toBeGreaterThan(least - 1);
            const took = settle ? Math.floor(tokens * share) : tokens;
            if (settle) hold.settle(took);
            used += took;
          } catch (error) {
            expect(error).toBeInstanceOf(LimitReached);
          }
          expect(used).toBeLessThanOrEqual(maxTokens);
          expect(run.tokensLeft()).toBe(maxTokens - used);
        }
      }),
    );
  });
});
