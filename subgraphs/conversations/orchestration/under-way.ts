/** Where something can be under way, with everything around it that counts it as well. */
export interface Place {
  hasRoom(): boolean;
  /** Called once there is room. */
  take(): void;
}

interface Waiting {
  place: Place;
  enter(): void;
}

/**
 * Those who wait until there is room for one more step under way, in the order in which they came; nobody is held up by one
 * that needs room elsewhere. Only single calls are counted, and none waits for another: it always comes to an end.
 */
export class UnderWay {
  private readonly waiting = new Set<Waiting>();

  /** Resolves once the place was taken. @throws the reason of the signal, where that comes first */
  enter(place: Place, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (place.hasRoom()) {
      place.take();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.waiting.delete(waiting);
        reject(signal.reason as Error);
      };
      const waiting: Waiting = {
        place,
        enter: () => {
          this.waiting.delete(waiting);
          signal.removeEventListener('abort', giveUp);
          place.take();
          resolve();
        },
      };
      this.waiting.add(waiting);
      signal.addEventListener('abort', giveUp);
    });
  }

  /** Lets in who can come in, now that somebody has left. */
  admit(): void {
    for (const waiting of this.waiting) if (waiting.place.hasRoom()) waiting.enter();
  }
}
