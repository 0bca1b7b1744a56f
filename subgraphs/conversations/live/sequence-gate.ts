/** How many may wait for one that is missing. */
const MAX_EARLY = 64;

/** Puts what comes under rising numbers into their order, each of them once. */
export class SequenceGate<T> {
  private readonly early = new Map<number, T>();

  /** @param last The newest number that was taken. */
  constructor(private last: number) {}

  /** The newest that was taken. */
  get newest(): number {
    return this.last;
  }

  /** What is missing. */
  get expected(): number {
    return this.last + 1;
  }

  /** Where a number stands: it was taken before, it is the next, or others are missing before it. */
  judge(sequence: number): 'DUPLICATE' | 'NEXT' | 'EARLY' {
    if (sequence <= this.last) return 'DUPLICATE';
    return sequence === this.last + 1 ? 'NEXT' : 'EARLY';
  }

  /** Says that the next was taken. @returns the one behind it, where it waits already. */
  taken(): T | null {
    this.last += 1;
    const next = this.early.get(this.expected) ?? null;
    this.early.delete(this.expected);
    return next;
  }

  /** Lets one wait for those before it. @returns false where too many do, or it waits already. */
  wait(sequence: number, item: T): boolean {
    if (this.early.has(sequence) || this.early.size >= MAX_EARLY) return false;
    this.early.set(sequence, item);
    return true;
  }

  /** Lets one wait no longer. @returns false where it does not. */
  forget(sequence: number): boolean {
    return this.early.delete(sequence);
  }
}
