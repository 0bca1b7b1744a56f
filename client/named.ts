import { printable } from './style.ts';

/**
 * The one of this name, which may begin with an @, and need not be whole where no other begins so.
 * @throws Error with a sentence for the user
 */
export function findNamed<T extends { name: string }>(choices: readonly T[], typed: string, kind: string): T {
  const wanted = typed.replace(/^@/, '').toLowerCase();
  const whole = choices.find(({ name }) => name.toLowerCase() === wanted);
  const alike = choices.filter(({ name }) => name.toLowerCase().startsWith(wanted));
  const found = whole ?? (alike.length === 1 ? alike[0] : undefined);
  if (found) return found;
  if (alike.length > 1) throw new Error(`Several begin with "${typed}": ${names(alike)}. Say more of the name.`);
  throw new Error(`There is no ${kind} "${typed}" here. There are: ${names(choices) || 'none'}.`);
}

/** Their names, apart by commas. */
export const names = (choices: readonly { name: string }[]): string =>
  choices.map(({ name }) => printable(name)).join(', ');
