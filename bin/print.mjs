/** Prints a line for the person at the terminal, apart from what a command is asked to produce. */
export const note = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

/** Prints a line of a command's result. */
export const print = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);
