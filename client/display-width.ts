const segmenter = new Intl.Segmenter();

/** Characters that take two columns: East Asian ones and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\ufe0f/u;

/** The columns that a terminal gives to one visible character. */
const graphemeWidth = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : /^\p{Mark}+$/u.test(grapheme) ? 0 : 1);

/** The visible characters of a text with the columns that each takes. */
export function* graphemes(text: string): Generator<{ text: string; width: number }> {
  for (const { segment } of segmenter.segment(text)) yield { text: segment, width: graphemeWidth(segment) };
}

/** The columns that a line takes in a terminal. It must be free of control characters. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const grapheme of graphemes(text)) width += grapheme.width;
  return width;
}
