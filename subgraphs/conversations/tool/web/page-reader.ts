import { type ChildProcess, fork } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ToolError } from '#core/tool/tool.port';
import type { HtmlPage, PageText } from './page-text.ts';

/** How long one page may take, in milliseconds: what is sound takes a fraction of it. */
const MAX_MS = 5_000;

/** Pages that are read at the same time; further ones wait. */
const AT_ONCE = 2;

const MEMORY_MB = 256;

const isSource = import.meta.url.endsWith('.ts');

/**
 * Makes text of pages, each in a process of its own that knows nothing of Parley's settings. A page can be written so that
 * parsing it takes a minute, or more memory than there is: then its process is ended, and nothing else waits meanwhile.
 */
export class PageReader {
  private readonly processes = new Set<ChildProcess>();
  private readonly waiting: (() => void)[] = [];

  /** @throws ToolError where it takes too long; the reason of `signal` where that was aborted */
  async read(page: HtmlPage, signal: AbortSignal): Promise<PageText> {
    while (this.processes.size >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    signal.throwIfAborted();
    const child = this.start(signal);
    try {
      return await answerOf(child, page);
    } catch (cause) {
      signal.throwIfAborted();
      throw unreadable(cause);
    } finally {
      child.kill('SIGKILL');
    }
  }

  /** Ends what is under way. */
  close(): void {
    for (const child of this.processes) child.kill('SIGKILL');
  }

  private start(signal: AbortSignal): ChildProcess {
    setMaxListeners(0, signal);
    const entry = isSource ? './page-process.ts' : './page-process.js';
    const child = fork(fileURLToPath(new URL(entry, import.meta.url)), {
      execArgv: [`--max-old-space-size=${MEMORY_MB}`, ...(isSource ? ['--import', 'tsx'] : [])],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: MAX_MS,
      killSignal: 'SIGKILL',
      signal,
    });
    this.processes.add(child);
    child.once('close', () => {
      this.processes.delete(child);
      this.waiting.shift()?.();
    });
    return child;
  }
}

const answerOf = (child: ChildProcess, page: HtmlPage): Promise<PageText> =>
  new Promise((resolve, reject) => {
    child.once('message', (text) => resolve(text as PageText));
    child.on('error', reject);
    child.once('exit', () => reject(new Error('The process ended without an answer.')));
    child.send(page, (error) => error && reject(error));
  });

function unreadable(cause: unknown): ToolError {
  const error = new ToolError('UNREADABLE_PAGE', 'No text can be made of the page: it is too large, or malformed.');
  error.cause = cause;
  return error;
}
