import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** A process that runs a TypeScript file of the tests and prints lines. */
export class Child {
  private readonly process: ChildProcess;
  private output = '';

  /** `file` counts from the root of the repository. */
  constructor(file: string, args: readonly string[]) {
    const node = ['--conditions=parley-source', '--import', 'tsx', file, ...args];
    this.process = spawn(process.execPath, node, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    this.process.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
  }

  get lines(): string[] {
    return this.output.split('\n').filter((line) => line !== '');
  }

  /** Resolves with the line that begins with `word`. @throws Error when the process ends without it. */
  async says(word: string): Promise<string> {
    for (;;) {
      const line = this.lines.find((each) => each.startsWith(word));
      if (line !== undefined) return line;
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`The process ended before it said ${word}: ${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Resolves when the process has ended by itself, with its exit code or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.process.exitCode ?? this.process.signalCode;
  }

  terminate(): void {
    this.process.kill('SIGTERM');
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }
}
