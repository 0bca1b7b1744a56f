/** Marks around what was found; from Unicode's private use area, so that no language writes them. */
export const FOUND_START = '\u{e000}';
export const FOUND_END = '\u{e001}';

/** A piece of a snippet. */
export interface SnippetPart {
  text: string;
  isMatch: boolean;
}

/** Takes the marks out of a snippet: what lies between them is what was found. Pure. */
export function readSnippet(marked: string): SnippetPart[] {
  const parts: SnippetPart[] = [];
  let isMatch = false;
  for (const piece of marked.split(/([\u{e000}\u{e001}])/u)) {
    if (piece === FOUND_START || piece === FOUND_END) isMatch = piece === FOUND_START;
    else if (piece !== '') parts.push({ text: piece, isMatch });
  }
  return parts;
}
