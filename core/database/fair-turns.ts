interface Waiting {
  begin(): void;
}

export interface FairTurnsOptions {
  /** How many may be under way at once. */
  total: number;
  /** How many of them may be of one group. */
  perGroup: number;
  /** How long one waits for a turn, in milliseconds. */
  patienceMs: number;
}

/**
 * Shares a number of places among groups: whoever waits is served group by group in turn, however many others wait in each,
 * and no group has all places. Within a group it goes in order.
 */
export class FairTurns {
  private taken = 0;
  private readonly takenBy = new Map<string, number>();
  /** Groups that wait, the one whose turn it is first. */
  private readonly queues = new Map<string, Waiting[]>();

  constructor(private readonly options: FairTurnsOptions) {}

  /**
   * Resolves once there is a place. The function that it resolves to gives the place back, once.
   * @throws Error in the words of `pg`'s own pool, where that takes too long
   */
  take(group: string): Promise<() => void> {
    if (!this.queues.has(group) && this.isFree(group)) return Promise.resolve(this.begin(group));
    return new Promise((resolve, reject) => {
      const queue = this.queues.get(group) ?? [];
      const waiting: Waiting = {
        begin: () => {
          clearTimeout(timer);
          resolve(this.begin(group));
        },
      };
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiting), 1);
        if (queue.length === 0) this.queues.delete(group);
        reject(new Error('timeout exceeded when trying to connect'));
      }, this.options.patienceMs);
      queue.push(waiting);
      this.queues.set(group, queue);
    });
  }

  private isFree(group: string): boolean {
    const { total, perGroup } = this.options;
    return this.taken < total && (this.takenBy.get(group) ?? 0) < perGroup;
  }

  private begin(group: string): () => void {
    this.taken += 1;
    this.takenBy.set(group, (this.takenBy.get(group) ?? 0) + 1);
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      this.taken -= 1;
      const left = (this.takenBy.get(group) ?? 1) - 1;
      if (left > 0) this.takenBy.set(group, left);
      else this.takenBy.delete(group);
      this.serve();
    };
  }

  private serve(): void {
    for (const [group, queue] of this.queues) {
      if (!this.isFree(group)) continue;
      const next = queue.shift();
      // The group goes behind the others.
      this.queues.delete(group);
      if (queue.length > 0) this.queues.set(group, queue);
      next?.begin();
      return;
    }
  }
}
