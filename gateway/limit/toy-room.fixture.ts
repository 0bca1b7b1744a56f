import { buildSchema } from 'graphql';

/** A schema with everything that a limit looks at: connections, plain lists, an interface, a union and a mutation. */
export const toySchema = buildSchema(`
  type Query {
    version: String
    rooms(first: Int = 20, after: String): RoomConnection!
    room(id: ID!): Room
    recent(last: Int): [Room!]!
  }
  type Mutation { rename(id: ID!, title: String!): Room }
  type Subscription { roomEvents(id: ID!): Message }
  type RoomConnection { edges: [RoomEdge!]! nodes: [Room!]! totalCount: Int! pageInfo: PageInfo! }
  type RoomEdge { cursor: String! node: Room! }
  type PageInfo { hasNextPage: Boolean! }
  interface Node { id: ID! }
  type Room implements Node {
    id: ID!
    title: String
    tags: [String!]!
    participants: [Participant!]!
    messages(first: Int, last: Int): MessageConnection!
  }
  type MessageConnection { nodes: [Message!]! }
  type Message implements Node { id: ID! text: String! room: Room! author: Participant! }
  union Participant = User | Agent
  type User implements Node { id: ID! name: String }
  type Agent implements Node { id: ID! name: String model: String }
`);
