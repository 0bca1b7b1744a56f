import type { BusListener } from './bus.ts';

/** The listeners of each channel within one process. */
export class ListenerMap {
  private readonly channels = new Map<string, Set<BusListener>>();

  /** Returns whether it is the channel's first. */
  add(channel: string, listener: BusListener): boolean {
    const listeners = this.channels.get(channel);
    if (listeners) listeners.add(listener);
    else this.channels.set(channel, new Set([listener]));
    return !listeners;
  }

  /** Returns whether it was the channel's last. */
  remove(channel: string, listener: BusListener): boolean {
    const listeners = this.channels.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return false;
    this.channels.delete(channel);
    return true;
  }

  dispatch(channel: string, message: string): void {
    for (const listener of this.channels.get(channel) ?? []) listener(message);
  }

  get names(): string[] {
    return [...this.channels.keys()];
  }
}
