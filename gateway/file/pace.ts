import { ParleyError } from '#core/error';

/** The least that a span has to bring, in bytes a second: what the slowest connection of a phone does. */
const LEAST_BYTES_PER_SECOND = 8 * 1024;

/**
 * The same bytes, for as long as they keep coming. Only the time counts that is waited for the client, not what the store
 * takes.
 * @param spanMs At the end of each span of so much waiting, enough must have come, in milliseconds.
 * @throws ParleyError `BAD_USER_INPUT` where it has not.
 */
export async function* paced(source: AsyncIterable<Uint8Array>, spanMs: number): AsyncGenerator<Uint8Array> {
  const least = (LEAST_BYTES_PER_SECOND * spanMs) / 1_000;
  const bytes = source[Symbol.asyncIterator]();
  let waited = 0;
  let came = 0;
  try {
    for (;;) {
      const began = performance.now();
      const next = await within(bytes.next(), spanMs - waited);
      if (next.done) return;
      waited += performance.now() - began;
      came += next.value.length;
      if (waited >= spanMs) {
        if (came < least) throw tooSlow();
        waited = 0;
        came = 0;
      } else if (came >= least) {
        waited = 0;
        came = 0;
      }
      yield next.value;
    }
  } finally {
    // Not waited for: one that hangs would hold whoever leaves.
    void bytes.return?.().catch(() => {});
  }
}

const tooSlow = () => new ParleyError('BAD_USER_INPUT', 'The file came too slowly and was given up. Send it again.');

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooSlow()), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
