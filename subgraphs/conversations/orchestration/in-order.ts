import { Suspended } from './run-signal.ts';

/**
 * Does work on each of several things, so many at a time, and returns what came of it in their order. Everything comes
 * to its end before this does: what one throws does not lose what the others did. Where some wait for a person, so does
 * all of it.
 */
export async function inOrder<In, Out>(
  items: readonly In[],
  atOnce: number,
  work: (item: In, index: number) => Promise<Out>,
): Promise<Out[]> {
  const settled = await settleInOrder(items, atOnce, work);
  const thrown = settled.filter((each) => each.status === 'rejected').map(({ reason }): unknown => reason);
  const [first] = thrown;
  if (thrown.length > 0) throw thrown.find((error) => !(error instanceof Suspended)) ?? first;
  return settled.map((each) => (each as PromiseFulfilledResult<Out>).value);
}

/** The same, with what each of them threw. */
export async function settleInOrder<In, Out>(
  items: readonly In[],
  atOnce: number,
  work: (item: In, index: number) => Promise<Out>,
): Promise<PromiseSettledResult<Out>[]> {
  const settled: PromiseSettledResult<Out>[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      settled[index] = await Promise.resolve()
        .then(() => work(items[index] as In, index))
        .then(
          (value) => ({ status: 'fulfilled' as const, value }),
          (reason: unknown) => ({ status: 'rejected' as const, reason }),
        );
    }
  };
  await Promise.all(Array.from({ length: Math.min(items.length, Math.max(1, atOnce)) }, worker));
  return settled;
}
