import type { Point } from './point.ts';
import type { Detector, Report, Scanner } from './scanner.ts';
import { KeyScanner, MAX_UNSURE } from './secret-key.ts';
import { PemScanner } from './secret-pem.ts';
import { MAX_TOKEN, WordScanner } from './secret-word.ts';

/**
 * Secrets: keys that tell by how they begin what they are, private keys in the form of PEM, and what looks like a secret
 * behind a word such as `password`.
 */
export const SECRET: Detector = {
  label: '[secret]',
  reach: Math.max(MAX_UNSURE, MAX_TOKEN) + 20,
  start: (report) => new SecretScanner(report),
};

class SecretScanner implements Scanner {
  private readonly scanners: readonly Scanner[];

  constructor(report: Report) {
    this.scanners = [new KeyScanner(report), new PemScanner(report), new WordScanner(report)];
  }

  get held(): number {
    return Math.min(...this.scanners.map(({ held }) => held));
  }

  next(point: Point, at: number): void {
    for (const scanner of this.scanners) scanner.next(point, at);
  }

  end(): void {
    for (const scanner of this.scanners) scanner.end();
  }
}
