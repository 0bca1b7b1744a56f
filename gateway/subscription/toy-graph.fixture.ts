import { buildSubgraphSchema } from '@apollo/subgraph';
import { GraphQLError, type GraphQLSchema, parse } from 'graphql';
import { ToyTopic } from './toy-topic.fixture.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@external", "@requires", "@inaccessible"])`;

export const roomsSdl = `${LINK}
  type Query { event: RoomEvent! audit: Audit }
  type Subscription {
    roomEvents(roomId: ID!, after: String = "start", filter: Filter): RoomEvent!
    ticks(every: Int! = 1): Tick
    audits: Audit
  }
  input Filter { minimum: Int! words: [String!] }
  interface RoomEvent { cursor: String! room: Room! }
  type MessageAdded implements RoomEvent { cursor: String! room: Room! message: Message! }
  type PeopleJoined implements RoomEvent { cursor: String! room: Room! people: [Person!]! subject: Subject host: Person! }
  type Delta implements RoomEvent { cursor: String! room: Room! text: String! fragile: String times(by: Int = 2): Int! }
  union Subject = Person | Room
  type Room @key(fields: "id") { id: ID! title: String! note: String @inaccessible }
  type Message @key(fields: "id") { id: ID! text: String! author: Person weight: Int! @inaccessible }
  type Person @key(fields: "id", resolvable: false) { id: ID! }
  type Tick { n: Int! viewer: String owner: Person payload: Payload again: Tick }
  scalar Payload
  interface Audit { id: ID! level: Level }
  enum Level { LOW HIGH SECRET @inaccessible }
  type OpenAudit implements Audit { id: ID! level: Level }
  type SecretAudit implements Audit @inaccessible { id: ID! level: Level }`;

export const peopleSdl = `${LINK}
  type Query { me: Person }
  type Person @key(fields: "id") { id: ID! name: String! nick: String friend: Person home: Room }
  type Room @key(fields: "id", resolvable: false) { id: ID! }`;

export const scoresSdl = `${LINK}
  type Query { scores: Int }
  type Message @key(fields: "id") {
    id: ID!  text: String! @external  weight: Int! @external
    score: Int! @requires(fields: "text weight")
  }
  type Person @key(fields: "id") { id: ID! rank: Int! }`;

export type Root = Record<string, unknown>;

/** What the rooms subgraph was asked for when a subscription was opened there. */
export interface Opening {
  field: string;
  args: Record<string, unknown>;
  viewer: unknown;
}

/** Three subgraphs that have something of everything that federation can do to an event. */
export class ToyGraph {
  readonly topic = new ToyTopic<Root>();
  readonly openings: Opening[] = [];
  /** The event that the queries `event` and `audit` answer with. */
  current: Root = {};
  /** The stream that the next subscription gets instead of the topic. */
  source: (() => AsyncIterable<Root>) | undefined;
  readonly schemas: Record<string, GraphQLSchema>;

  constructor() {
    this.schemas = {
      rooms: this.#rooms(),
      people: buildSubgraphSchema({ typeDefs: parse(peopleSdl), resolvers: people }),
      scores: buildSubgraphSchema({ typeDefs: parse(scoresSdl), resolvers: scores }),
    };
  }

  schema(subgraph: string): GraphQLSchema {
    const schema = this.schemas[subgraph];
    if (!schema) throw new Error(`There is no subgraph ${subgraph}.`);
    return schema;
  }

  publish(field: string, event: unknown): void {
    this.topic.publish({ [field]: event });
  }

  #rooms(): GraphQLSchema {
    const open = (field: string) => (_: Root, args: Root, context: unknown) => {
      this.openings.push({ field, args, viewer: viewerOf(context) });
      if (args.roomId === 'forbidden') {
        throw new GraphQLError('Not for you.', { extensions: { code: 'FORBIDDEN' } });
      }
      return this.source?.() ?? this.topic.open();
    };
    const subscription = (field: string) => ({ subscribe: open(field) });
    return buildSubgraphSchema({
      typeDefs: parse(roomsSdl),
      resolvers: {
        Query: { event: () => this.current, audit: () => this.current },
        Subscription: {
          roomEvents: subscription('roomEvents'),
          ticks: subscription('ticks'),
          audits: subscription('audits'),
        },
        Delta: {
          fragile: ({ fragile }: Root) => {
            if (fragile === 'broken') throw new GraphQLError('It broke.', { extensions: { code: 'NOT_FOUND' } });
            return fragile;
          },
          times: ({ base = 1 }: { base?: number }, { by }: { by: number }) => base * by,
        },
        Room: { __resolveReference: ({ id }: { id: string }) => ({ id, title: `Title of ${id}` }) },
        Tick: { viewer: (_: Root, __: Root, context: unknown) => viewerOf(context) },
      },
    });
  }
}

const viewerOf = (context: unknown) => (context as { viewer?: unknown }).viewer;

const people = {
  Person: {
    __resolveReference: ({ id }: { id: string }) => (id === 'ghost' ? null : { id, name: `Name of ${id}` }),
    name: ({ id, name }: { id: string; name: string }) => {
      if (id === 'broken') throw new GraphQLError('The people are out.', { extensions: { code: 'UNAVAILABLE' } });
      return id === 'nameless' ? null : name;
    },
    nick: ({ id }: { id: string }) => (id.length > 3 ? id.slice(0, 3) : null),
    home: ({ id }: { id: string }) => ({ id: `home-of-${id}` }),
    friend: ({ id }: { id: string }) => ({ id: `${id}-friend`, name: `Friend of ${id}` }),
  },
};

const scores = {
  Message: {
    __resolveReference: (message: Root) => message,
    score: ({ text, weight }: { text: string; weight: number }) => text.length * weight,
  },
  Person: {
    __resolveReference: ({ id }: { id: string }) => ({ id }),
    rank: ({ id }: { id: string }) => id.length,
  },
};
