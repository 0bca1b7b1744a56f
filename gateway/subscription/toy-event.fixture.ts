/** Events of the toy graph, as its rooms subgraph gets them from its source. */
const room = { id: 'r1', title: 'Kitchen', note: 'not for clients' };

export const messageAdded = (cursor: string, authorId: string | null = 'bob') => ({
  __typename: 'MessageAdded',
  cursor,
  room,
  message: { id: cursor, text: 'hello', weight: 3, author: authorId === null ? null : { id: authorId } },
});

export const peopleJoined = (cursor: string, ...ids: string[]) => ({
  __typename: 'PeopleJoined',
  cursor,
  room,
  people: ids.map((id) => ({ id })),
  subject: ids.length > 1 ? { __typename: 'Person', id: ids[1] } : { __typename: 'Room', ...room },
  host: { id: ids[0] ?? 'host' },
});

export const delta = (cursor: string, text = 'tok', fragile: string | null = 'whole') => ({
  __typename: 'Delta',
  cursor,
  room,
  text,
  fragile,
  base: 5,
});
