import { toStorable } from '#core/storable-text';

const MAX_CHARACTERS = 200;

/** A file's name without its folder, or anything that could be mistaken for more than a name. */
export function toFileName(given: string): string {
  const name = toStorable(given)
    .split(/[/\\]/)
    .at(-1)
    // Control characters, and those that turn the direction of writing: `exe.gnp` must not look like `png.exe`.
    ?.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim();
  if (!name || /^\.+$/.test(name)) return 'file';
  const characters = [...name];
  if (characters.length <= MAX_CHARACTERS) return name;
  const ending = /\.[a-z\d]{1,10}$/i.exec(name)?.[0] ?? '';
  return characters.slice(0, MAX_CHARACTERS - ending.length).join('') + ending;
}
