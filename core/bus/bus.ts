/** Called with each message of a channel, in the order of the channel. Must not throw. */
export type BusListener = (message: string) => void;

/**
 * Wakes and routes between the parts of Parley, in one process or across many. At most once: whoever needs more reads
 * the truth from PostgreSQL when woken, and looks from time to time on its own.
 */
export interface Bus {
  publish(channel: string, message: string): void;
  /**
   * Resolves once messages will arrive; while the bus is down at once, and `onGap` is called when they do. The function
   * returned ends it.
   */
  subscribe(channel: string, listener: BusListener): Promise<() => void>;
  /** Called when messages may have been missed, after a lost connection. Returns the function that ends it. */
  onGap(listener: () => void): () => void;
  /** Whether messages flow now. */
  isUp(): boolean;
  close(): Promise<void>;
}
