import { expect, it } from 'vitest';
import type { JsonValue } from '#core/model/model.port';
import { withoutLogins } from './without-login.ts';

it.each<[JsonValue, JsonValue]>([
  ['https://ann:secret@a.example/x', 'https://[withheld]@a.example/x'],
  ['https://token@a.example', 'https://[withheld]@a.example'],
  ['https://a:b@c@d.example/', 'https://[withheld]@d.example/'],
  ['see HTTP://a:b@c.example and ftp://d:e@f', 'see HTTP://[withheld]@c.example and ftp://[withheld]@f'],
  ['postgres://u:p%40@db/x', 'postgres://[withheld]@db/x'],
  ['https://a.example/@ann', 'https://a.example/@ann'],
  ['https://a.example/?to=ann@b.example', 'https://a.example/?to=ann@b.example'],
  ['ann@b.example', 'ann@b.example'],
  [
    { a: ['https://a:b@c', 1, null], 'https://k': true },
    { a: ['https://[withheld]@c', 1, null], 'https://k': true },
  ],
])('%j is shown as %j', (value, shown) => {
  expect(withoutLogins(value)).toEqual(shown);
});
