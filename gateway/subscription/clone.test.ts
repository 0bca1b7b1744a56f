import { describe, expect, it } from 'vitest';
import { cloneResult } from './clone.ts';

describe('a copy of a result', () => {
  it('shares no object and no list with the original', () => {
    const original: { a: ({ b: number } | null)[]; c: string } = { a: [{ b: 1 }, null], c: 'x' };
    const copy = cloneResult(original);
    copy.a.push(null);
    if (copy.a[0]) copy.a[0].b = 2;
    expect(original).toEqual({ a: [{ b: 1 }, null], c: 'x' });
  });

  it('keeps the values of scalars that are instances of a class', () => {
    const at = new Date(0);
    expect(cloneResult({ at }).at).toBe(at);
  });

  it('treats an alias named __proto__ as any other', () => {
    const copy = cloneResult(JSON.parse('{"a": {"__proto__": {"admin": true}}}'));
    expect(Object.keys(copy.a)).toEqual(['__proto__']);
    expect(copy.a.admin).toBeUndefined();
  });
});
