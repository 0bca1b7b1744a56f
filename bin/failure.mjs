import { note } from './print.mjs';

/** A failure that its message explains: it is printed without a stack. */
export class Failure extends Error {
  /**
   * @param {string} message One sentence that says what went wrong and what to do.
   * @param {string} [output] What the failed command printed.
   */
  constructor(message, output = '') {
    super(message);
    this.name = 'Failure';
    this.output = output;
  }
}

/**
 * Ends the process with exit code 1 after printing why.
 * @param {unknown} error
 * @returns {never}
 */
export function exitWith(error) {
  if (error instanceof Failure) {
    if (error.output) note(error.output.trimEnd());
    note(error.message);
  } else {
    note(error instanceof Error && error.stack ? error.stack : String(error));
  }
  process.exit(1);
}
