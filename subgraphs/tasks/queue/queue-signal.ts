import type { Bus } from '#core/bus/bus';

const channelOf = (orgId: string): string => `task-queues:${orgId}`;

/** How often changes are told at most, in milliseconds: what they lead to is looked up in the database. */
const AT_MOST_EVERY_MS = 500;

/** Tells those who watch the queues of an organization that something has changed in them. */
export class QueueSignals {
  private readonly due = new Map<string, NodeJS.Timeout>();

  constructor(private readonly bus: Bus) {}

  /** Cheap: many of one moment are told once. */
  announce(orgId: string): void {
    if (this.due.has(orgId)) return;
    const timer = setTimeout(() => {
      this.due.delete(orgId);
      this.bus.publish(channelOf(orgId), '');
    }, AT_MOST_EVERY_MS);
    timer.unref();
    this.due.set(orgId, timer);
  }

  listen(orgId: string, listener: () => void): Promise<() => void> {
    return this.bus.subscribe(channelOf(orgId), listener);
  }

  close(): void {
    for (const timer of this.due.values()) clearTimeout(timer);
    this.due.clear();
  }
}
