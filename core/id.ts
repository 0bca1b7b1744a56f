import { v7, validate, version } from 'uuid';

/** A new id: UUIDv7, so that ids made later sort later. */
export const newId = (): string => v7();

/** Whether `value` has the shape of an id. Any UUID version is taken, since ids may come from elsewhere. */
export const isId = (value: unknown): value is string =>
  typeof value === 'string' && validate(value) && version(value) > 0;
