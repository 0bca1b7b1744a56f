/** How long a stretch is at most, in units of UTF-16. */
export const MAX_STRETCH = 400;

const END = /[.!?…]["'”’)\]*_`]*\s|[。！？\n]/u;

/**
 * Where the stretch ends with which a text begins: with its first sentence or line, or at a space where that is too long.
 * Null while that is not known, since the text goes on. It depends on the text alone, not on how much of it is there. Pure.
 */
export function stretchEnd(text: string): number | null {
  const found = END.exec(text.slice(0, MAX_STRETCH));
  if (found) return found.index + found[0].length;
  if (text.length < MAX_STRETCH) return null;
  const space = text.lastIndexOf(' ', MAX_STRETCH - 1);
  if (space > 0) return space + 1;
  return /[\ud800-\udbff]/.test(text.charAt(MAX_STRETCH - 1)) ? MAX_STRETCH - 1 : MAX_STRETCH;
}
