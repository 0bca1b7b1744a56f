import type { JsonValue } from '#core/model/model.port';

/** The user name and password of a URL, wherever it stands in a text. */
const LOGIN = /([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'<>]{1,500}@/gi;

/** The same value without the logins of URLs in it: as a call of a tool is shown to people and kept. Pure. */
export function withoutLogins(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.replace(LOGIN, '$1[withheld]@');
  if (Array.isArray(value)) return value.map(withoutLogins);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutLogins(part)]));
}
