/**
 * A deep copy of a GraphQL result's objects and lists. Leaves are kept as they are: a custom scalar's value may be an
 * instance of a class, which belongs to the scalar.
 */
export const cloneResult = <T>(value: T): T => copy(value) as T;

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isResultObject(value)) return value;
  // Without a prototype an alias such as `__proto__` is a key like any other.
  const clone: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) clone[key] = copy(value[key]);
  return clone;
}

function isResultObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
