import { GraphQLScalarType } from 'graphql';
import { GraphQLDateTime } from 'graphql-scalars';

/** `DateTime`, serialised to text here, since an answer can be merged with others before it becomes JSON. */
export const DateTimeScalar = new GraphQLScalarType({
  ...GraphQLDateTime.toConfig(),
  description: 'A moment in UTC as ISO 8601 text, to the millisecond: `2027-01-31T12:30:00.000Z`.',
  serialize: (value) => new Date(GraphQLDateTime.serialize(value) as Date).toISOString(),
});
