import { spawn } from 'node:child_process';

/**
 * Runs a command and keeps what it prints.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd: string, env?: Record<string, string | undefined>}} options `env` is added to the present environment.
 * @returns {Promise<{code: number, output: string}>} `output` is stdout and stderr as they came; 127 when it cannot be started.
 */
export function capture(command, args, { cwd, env = {} }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Runs a command on this terminal. SIGTERM and SIGHUP are passed on; SIGINT reaches the child from the terminal itself,
 * so it is only kept from ending this process first.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd: string, env?: Record<string, string | undefined>}} options `env` is added to the present environment.
 * @returns {Promise<number>} The exit code; 128 + the signal's number when a signal ended the child.
 */
export async function runOnTerminal(command, args, { cwd, env = {} }) {
  const { constants } = await import('node:os');
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' });
  const passOn = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  const hold = () => {};
  process.on('SIGTERM', passOn).on('SIGHUP', passOn).on('SIGINT', hold);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    process.off('SIGTERM', passOn).off('SIGHUP', passOn).off('SIGINT', hold);
  }
}
