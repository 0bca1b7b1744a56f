import { printable } from './style.ts';

/** The one of this name, which need not be whole and may begin with an @. @throws Error with a sentence for the user */
export function findNamed<T extends { name: string }>(choices: readonly T[], typed: string, kind: string): T {
  const wanted = typed.replace(/^@/, '').toLowerCase();
  const found =
    choices.find(({ name }) => name.toLowerCase() === wanted) ??
    choices.find(({ name }) => name.toLowerCase().startsWith(wanted));
  if (found) return found;
  throw new Error(`There is no ${kind} "${typed}" here. There are: ${names(choices) || 'none'}.`);
}

/** Their names, apart by commas. */
export const names = (choices: readonly { name: string }[]): string =>
  choices.map(({ name }) => printable(name)).join(', ');
