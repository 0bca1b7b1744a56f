import type { JsonValue } from '#core/model/model.port';

const count = new Intl.NumberFormat('en-US');

const note = (shown: number, all: number, of: string) =>
  `[cut: ${count.format(shown)} of ${count.format(all)} ${of} are shown]`;

/** What a note takes of the room, at most. */
const NOTE_ROOM = 72;

/** Below this, what is left of a value says nothing. */
const LEAST_ROOM = NOTE_ROOM + 24;

const sizeOf = (value: JsonValue): number => JSON.stringify(value).length;

/**
 * Makes a value's JSON no longer than `maxCharacters` (at least 200), so that it stays JSON of the same shape: long texts
 * lose their ends, arrays and objects their last members, and each cut says so in its place. What fits stays as it is.
 */
export function cutResult(value: JsonValue, maxCharacters: number): JsonValue {
  return cut(value, Math.max(maxCharacters, 200));
}

function cut(value: JsonValue, room: number): JsonValue {
  if (sizeOf(value) <= room) return value;
  if (typeof value === 'string') return cutText(value, room);
  if (Array.isArray(value)) return cutArray(value, room);
  if (value !== null && typeof value === 'object') return cutObject(value, room);
  return value;
}

function cutText(text: string, room: number): string {
  const wanted = room - NOTE_ROOM;
  let end = Math.min(text.length, wanted);
  // A character can take up to six in JSON. Each round takes away what was too much of it.
  for (let size = sizeOf(text.slice(0, end)); size > wanted && end > 0; size = sizeOf(text.slice(0, end))) {
    end -= Math.max(1, Math.ceil((size - wanted) / 6));
  }
  end = Math.max(0, end);
  if (/[\ud800-\udbff]$/.test(text.slice(0, end))) end -= 1;
  return `${text.slice(0, end)}\n${note(end, text.length, 'characters')}`;
}

/** Members come first, then what is left of the one that no longer fits. */
function cutArray(items: JsonValue[], room: number): JsonValue[] {
  const kept: JsonValue[] = [];
  let left = room - NOTE_ROOM;
  for (const item of items) {
    const size = sizeOf(item) + 1;
    if (size <= left) {
      kept.push(item);
      left -= size;
      continue;
    }
    if (isDivisible(item) && left > LEAST_ROOM) kept.push(cut(item, left - 1));
    break;
  }
  return kept.length < items.length ? [...kept, note(kept.length, items.length, 'items')] : kept;
}

/** The short members stay whole; the long ones share what is left, each as much as the others. */
function cutObject(object: { [key: string]: JsonValue }, room: number): JsonValue {
  const members = Object.entries(object).map(([key, value]) => {
    const keySize = sizeOf(key) + 2;
    return {
      key,
      value,
      size: keySize + sizeOf(value),
      least: keySize + (isDivisible(value) ? LEAST_ROOM : sizeOf(value)),
    };
  });
  let left = room - NOTE_ROOM;
  const kept = [];
  for (const member of members) {
    const needed = Math.min(member.least, member.size);
    if (needed > left) break;
    left -= needed;
    kept.push(member);
  }
  const extra = shareOut(
    kept.map((member) => member.size - Math.min(member.least, member.size)),
    left,
  );
  const entries = kept.map((member, i): [string, JsonValue] => {
    const own = Math.min(member.least, member.size) + (extra[i] ?? 0);
    return [member.key, cut(member.value, own - sizeOf(member.key) - 2)];
  });
  const missing = members.length > kept.length;
  return Object.fromEntries(missing ? [...entries, ['[cut]', note(kept.length, members.length, 'entries')]] : entries);
}

const isDivisible = (value: JsonValue) => typeof value === 'string' || (value !== null && typeof value === 'object');

/** Gives each what it wants, or as much as everybody else who wants more. */
function shareOut(wanted: number[], room: number): number[] {
  const given = new Array<number>(wanted.length).fill(0);
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  let left = room;
  order.forEach((index, done) => {
    const share = Math.min(wanted[index] ?? 0, Math.floor(left / (order.length - done)));
    given[index] = share;
    left -= share;
  });
  return given;
}
