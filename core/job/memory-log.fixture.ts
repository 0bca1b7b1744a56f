import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Logger } from '#core/log';

/** A log whose lines can be read. */
export function createMemoryLog(): { log: Logger; lines: Record<string, unknown>[]; text(): string } {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { log: pino({ level: 'debug' }, stream), lines, text: () => JSON.stringify(lines) };
}
