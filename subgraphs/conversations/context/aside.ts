import { BranchStopped } from '../orchestration/run-signal.ts';

/** Work of a run that its answer does not wait for, such as making room for the next one. */
export class Asides {
  private readonly stop = new AbortController();
  private readonly begun: Promise<void>[] = [];

  /** Begins something whose failure matters to nobody. */
  begin(work: (signal: AbortSignal) => Promise<unknown>): void {
    this.begun.push(
      work(this.stop.signal).then(
        () => {},
        () => {},
      ),
    );
  }

  /** Waits until all of it has ended. */
  async finish(): Promise<void> {
    await Promise.all(this.begun);
  }

  /** Stops it: the run does not go on. Waits until its calls are counted. */
  async abandon(): Promise<void> {
    this.stop.abort(new BranchStopped());
    await this.finish();
  }
}
