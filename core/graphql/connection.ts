import { Field, Int, ObjectType } from 'type-graphql';
import { PageInfo } from './page-info.ts';

type ObjectClass<T extends object> = abstract new (...args: never[]) => T;

/** Relay's edge type for `node`, to be extended under the name of the list: `class AgentEdge extends edgeOf(AgentType)`. */
export function edgeOf<T extends object>(node: () => ObjectClass<T>) {
  @ObjectType({ simpleResolvers: true })
  abstract class EdgeType {
    @Field(() => String, { description: 'Where this one stands in the list: what `after` and `before` take.' })
    cursor!: string;

    @Field(() => node() as never)
    node!: T;
  }
  return EdgeType;
}

/** Relay's connection type for an edge type, with `nodes` as a shortcut and a count. */
export function connectionOf<E extends object, N extends object>(
  edge: () => ObjectClass<E>,
  node: () => ObjectClass<N>,
) {
  @ObjectType({ simpleResolvers: true })
  abstract class ConnectionType {
    @Field(() => [edge() as never])
    edges!: E[];

    @Field(() => [node() as never], { description: 'The edges without their cursors.' })
    nodes!: N[];

    @Field(() => PageInfo)
    pageInfo!: PageInfo;

    @Field(() => Int, { description: 'How many there are on all pages. Counted only when asked for.' })
    totalCount!: number;
  }
  return ConnectionType;
}
