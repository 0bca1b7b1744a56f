import {
  defaultFieldResolver,
  type GraphQLSchema,
  getNullableType,
  isIntrospectionType,
  isListType,
  isObjectType,
} from 'graphql';
import { ParleyError } from '#core/error';

/** What the lists of one operation's answer, or of one event, may hold in all. */
export const MAX_ENTRIES = 5_000;

/**
 * Counts what the lists of an answer hold, and refuses more than `maxEntries` of it. An operation is weighed before it
 * runs, but how long a list without pages is shows only then: nested in one another, a few of them would be more than
 * a process has memory for.
 */
export function boundLists(schema: GraphQLSchema, maxEntries = MAX_ENTRIES): void {
  const counts = new WeakMap<object, number>();
  const counted = (context: object, value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    const count = (counts.get(context) ?? 0) + value.length;
    counts.set(context, count);
    if (count > maxEntries) throw tooMany(maxEntries);
    return value;
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (!isListType(getNullableType(field.type))) continue;
      const { resolve = defaultFieldResolver } = field;
      field.resolve = (parent, args, context, info) => {
        const value: unknown = resolve(parent, args, context, info);
        return value instanceof Promise ? value.then((list) => counted(context, list)) : counted(context, value);
      };
    }
  }
}

const tooMany = (maxEntries: number) =>
  new ParleyError(
    'BAD_USER_INPUT',
    `The lists of the answer would hold more than ${maxEntries.toLocaleString('en')} entries: ask for shorter pages, or for less within them.`,
  );
