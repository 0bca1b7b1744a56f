/** Half of a UTF-16 pair becomes U+FFFD, as it does wherever text is written in UTF-8. */
export const toWholeCharacters = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

/** PostgreSQL stores every character but U+0000, neither as text nor within JSON. */
export const isStorable = (text: string): boolean => !text.includes('\0');

/** What can be stored of a text that comes from elsewhere: U+0000 and half pairs become U+FFFD. */
export const toStorable = (text: string): string => toWholeCharacters(text.replaceAll('\0', '\ufffd'));

/**
 * The same for text that comes in pieces: a pair of UTF-16 that was cut between two pieces stays whole, since its first
 * half is held back until the second one comes.
 */
export class StorableStream {
  private half = '';

  /** What can be stored of everything so far and was not given out yet. */
  take(piece: string): string {
    const text = this.half + piece;
    this.half = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
    return toStorable(text.slice(0, text.length - this.half.length));
  }

  /** The end: what is still held back was half a character. */
  rest(): string {
    const rest = toStorable(this.half);
    this.half = '';
    return rest;
  }
}

/** The same for every text within JSON, names of fields included. */
export function toStorableJson<T>(value: T): T {
  if (typeof value === 'string') return toStorable(value) as T;
  if (Array.isArray(value)) return value.map(toStorableJson) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [toStorable(key), toStorableJson(each)])) as T;
}
