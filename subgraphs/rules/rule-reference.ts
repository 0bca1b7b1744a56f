import type { FieldProblem } from '#core/error';
import { isId } from '#core/id';
import type { Peers } from '#core/peer/peer';
import { BUILT_IN_ROLES } from '#core/permission';
import type { RuleContent } from '#core/rule/rule';
import type { Viewer } from '#core/viewer';

/** Somebody or something that a rule names, and where. */
interface Mention {
  path: string;
  id: string;
}

type Mentioned = Record<'agents' | 'users' | 'conversations' | 'tools' | 'roles', Mention[]>;

/** Asks the owners of what rules name whether there is such a thing. */
export class RuleReferences {
  constructor(private readonly peers: Peers) {}

  /**
   * What a rule names that the viewer's organization does not have, or the viewer may not see, with the paths of the input.
   * @throws ParleyError `UNAVAILABLE` where an owner cannot be asked.
   */
  async problems(viewer: Viewer, content: RuleContent, root: string): Promise<FieldProblem[]> {
    const mentioned = mentionsOf(content);
    const found = await Promise.all([
      this.missing(mentioned.agents, 'There is no such agent.', (ids) => this.agents(viewer, ids)),
      this.missing(mentioned.users, 'There is no such person.', (ids) =>
        this.entities('identity', 'User', viewer, ids),
      ),
      this.missing(mentioned.conversations, 'There is no such conversation.', (ids) =>
        this.entities('conversations', 'Conversation', viewer, ids),
      ),
      this.missing(mentioned.tools, 'There is no such tool.', (names) => this.tools(viewer, names)),
      this.missing(mentioned.roles, 'There is no such role: give the name of a built-in one or an id.', (ids) =>
        this.roles(viewer, ids),
      ),
    ]);
    return found.flat().map(({ path, message }) => ({ path: `${root}.${path}`, message }));
  }

  private async missing(
    mentions: readonly Mention[],
    message: string,
    find: (ids: string[]) => Promise<ReadonlySet<string>>,
  ): Promise<FieldProblem[]> {
    if (mentions.length === 0) return [];
    const known = await find([...new Set(mentions.map(({ id }) => id))]);
    return mentions.filter(({ id }) => !known.has(id)).map(({ path }) => ({ path, message }));
  }

  private async agents(viewer: Viewer, ids: string[]): Promise<ReadonlySet<string>> {
    const { agentsById } = await this.peers.call<{ agentsById: ({ id: string } | null)[] }>('agents', {
      query: 'query ($ids: [ID!]!) { agentsById(ids: $ids) { id } }',
      variables: { ids },
      viewer,
    });
    return new Set(agentsById.flatMap((agent) => (agent ? [agent.id] : [])));
  }

  private async entities(
    peer: 'identity' | 'conversations',
    type: 'User' | 'Conversation',
    viewer: Viewer,
    ids: string[],
  ): Promise<ReadonlySet<string>> {
    const { _entities } = await this.peers.call<{ _entities: ({ id: string } | null)[] }>(peer, {
      query: `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${type} { id } } }`,
      variables: { of: ids.map((id) => ({ __typename: type, id })) },
      viewer,
    });
    return new Set(_entities.flatMap((entity) => (entity ? [entity.id] : [])));
  }

  private async tools(viewer: Viewer, names: string[]): Promise<ReadonlySet<string>> {
    const { knownTools } = await this.peers.call<{ knownTools: string[] }>('conversations', {
      query: 'query ($names: [String!]!) { knownTools(names: $names) }',
      variables: { names },
      viewer,
    });
    return new Set(knownTools);
  }

  private async roles(viewer: Viewer, ids: string[]): Promise<ReadonlySet<string>> {
    const builtIn = ids.filter((id) => Object.hasOwn(BUILT_IN_ROLES, id));
    if (!ids.some((id) => isId(id))) return new Set(builtIn);
    const { roles } = await this.peers.call<{ roles: { id: string }[] }>('identity', {
      query: '{ roles { id } }',
      variables: {},
      viewer,
    });
    return new Set([...builtIn, ...roles.map(({ id }) => id)]);
  }
}

function mentionsOf({ scope, actions }: RuleContent): Mentioned {
  const mentioned: Mentioned = { agents: [], users: [], conversations: [], tools: [], roles: [] };
  if (scope.of !== null) {
    if (scope.kind === 'AGENT') mentioned.agents.push({ path: 'scope.agentId', id: scope.of });
    if (scope.kind === 'CONVERSATION') mentioned.conversations.push({ path: 'scope.conversationId', id: scope.of });
    if (scope.kind === 'TOOL') mentioned.tools.push({ path: 'scope.tool', id: scope.of });
  }
  for (const [index, action] of actions.entries()) {
    const at = (path: string) => `actions.${index}.${path}`;
    if (action.kind === 'ROUTE') {
      for (const [place, { kind, id }] of action.to.entries()) {
        if (kind === 'AGENT') mentioned.agents.push({ path: at(`route.to.${place}.agentId`), id });
        else mentioned.users.push({ path: at(`route.to.${place}.userId`), id });
      }
    }
    if (action.kind === 'START_TASK') mentioned.agents.push({ path: at('startTask.agentId'), id: action.agentId });
    if (action.kind === 'NOTIFY') {
      for (const [place, id] of action.userIds.entries())
        mentioned.users.push({ path: at(`notify.userIds.${place}`), id });
      for (const [place, id] of action.roles.entries()) mentioned.roles.push({ path: at(`notify.roles.${place}`), id });
    }
    if (action.kind === 'REQUIRE_APPROVAL' && action.role) {
      mentioned.roles.push({ path: at('requireApproval.role'), id: action.role });
    }
  }
  return mentioned;
}
