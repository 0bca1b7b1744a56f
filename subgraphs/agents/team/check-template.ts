/** A place that is closed, or something that looks like the beginning or the end of one. */
const PLACES = /\{\{([^{}]*)\}\}|\{\{|\}\}/g;

const PATH = /^outputs\.([a-z][a-z0-9_]*)(\.[^.\s]+)*$/;

/**
 * What is wrong with the places of a template, each without a point at the end. Pure.
 * @param before The nodes that have put something out by then.
 */
export const checkTemplate = (template: string | null, before: readonly string[]): string[] =>
  [...(template ?? '').matchAll(PLACES)].flatMap(([whole, inner]) => {
    if (inner === undefined) return [`${whole} without its other end`];
    const place = inner.trim();
    if (place === 'input') return [];
    const key = PATH.exec(place)?.[1];
    if (key === undefined) return [`${whole} is neither {{input}} nor {{outputs.KEY}}`];
    return before.includes(key) ? [] : [`${whole}: no node ${key} has worked before this one`];
  });
