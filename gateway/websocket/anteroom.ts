/** Sockets that have not said who they are, by the address that they come from: few from one are enough. */
export class Anteroom<Key extends object> {
  private readonly counts = new Map<string, number>();
  private readonly waiting = new WeakMap<Key, string>();

  constructor(private readonly maxPerAddress: number) {}

  isFull(address: string): boolean {
    return (this.counts.get(address) ?? 0) >= this.maxPerAddress;
  }

  enter(key: Key, address: string): void {
    this.waiting.set(key, address);
    this.counts.set(address, (this.counts.get(address) ?? 0) + 1);
  }

  /** It has said who it is, or is gone. The second time nothing happens. */
  leave(key: Key): void {
    const address = this.waiting.get(key);
    if (address === undefined) return;
    this.waiting.delete(key);
    const left = (this.counts.get(address) ?? 1) - 1;
    if (left > 0) this.counts.set(address, left);
    else this.counts.delete(address);
  }
}
