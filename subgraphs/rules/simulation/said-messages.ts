import { notFound } from '#core/error';
import type { Peers } from '#core/peer/peer';
import type { RuleStage } from '#core/rule/rule';
import type { Viewer } from '#core/viewer';

/** A message of a conversation, as facts. */
export interface SaidMessage {
  id: string;
  at: Date;
  facts: Record<string, unknown>;
}

interface Author {
  __typename: 'User' | 'Agent';
  id: string;
}

interface Room {
  title: string | null;
  participants: Author[];
  messages: {
    nodes: { id: string; text: string; createdAt: string; author: Author; attachments: { mimeType: string }[] }[];
  };
}

const ROOM = `query ($id: ID!, $last: Int!) { conversation(id: $id) {
  title
  participants { __typename ... on User { id } ... on Agent { id } }
  messages(last: $last) { nodes {
    id text createdAt author { __typename ... on User { id } ... on Agent { id } } attachments { mimeType }
  } }
} }`;

/** The newest messages of a conversation that rules of a stage are about, the oldest first. */
export class SaidMessages {
  constructor(private readonly peers: Peers) {}

  /** @throws ParleyError `NOT_FOUND` where the viewer may not read the conversation */
  async read(viewer: Viewer, stage: RuleStage, conversationId: string, last: number): Promise<SaidMessage[]> {
    const { conversation: room } = await this.peers.call<{ conversation: Room | null }>('conversations', {
      query: ROOM,
      variables: { id: conversationId, last },
      viewer,
    });
    if (!room) throw notFound('conversation');
    const names = await this.names(viewer, room);
    const first = room.participants.find(({ __typename }) => __typename === 'Agent');
    const about = { roomId: conversationId, room: room.title ?? '' };
    let asked: { id: string; text: string } | null = null;
    const said: SaidMessage[] = [];
    for (const { id, text, createdAt, author, attachments } of room.messages.nodes) {
      const isOutput = author.__typename === 'Agent';
      const at = new Date(createdAt);
      if (isOutput && stage === 'OUTPUT') {
        const ofAgent = { agentId: author.id, agent: names.get(author.id) ?? '' };
        const ofAuthor = asked ? { authorId: asked.id, author: names.get(asked.id) ?? '', input: asked.text } : {};
        said.push({ id, at, facts: { ...about, ...ofAgent, ...ofAuthor, text } });
      }
      if (isOutput) continue;
      asked = { id: author.id, text };
      if (stage === 'OUTPUT') continue;
      const agents = room.participants.filter(({ __typename }) => __typename === 'Agent');
      const files = attachments.map(({ mimeType }) => mimeType);
      const addressed =
        stage === 'ROUTING'
          ? { agents: agents.map((agent) => names.get(agent.id) ?? '') }
          : { files, agentId: first?.id ?? '', agent: names.get(first?.id ?? '') ?? '' };
      const ofAuthor = { authorId: author.id, author: names.get(author.id) ?? '' };
      said.push({ id, at, facts: { ...about, ...addressed, ...ofAuthor, text } });
    }
    return said;
  }

  private async names(viewer: Viewer, { participants, messages }: Room): Promise<Map<string, string>> {
    const everybody = [...participants, ...messages.nodes.map(({ author }) => author)];
    const named = await Promise.all(
      (
        [
          ['identity', 'User'],
          ['agents', 'Agent'],
        ] as const
      ).map(([peer, type]) => {
        const ids = new Set(everybody.flatMap(({ __typename, id }) => (__typename === type ? [id] : [])));
        return this.namesOf(viewer, peer, type, [...ids]);
      }),
    );
    return new Map(named.flat());
  }

  private async namesOf(
    viewer: Viewer,
    peer: 'identity' | 'agents',
    type: 'User' | 'Agent',
    ids: string[],
  ): Promise<[string, string][]> {
    if (ids.length === 0) return [];
    const { _entities } = await this.peers.call<{ _entities: ({ id: string; name: string } | null)[] }>(peer, {
      query: `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${type} { id name } } }`,
      variables: { of: ids.map((id) => ({ __typename: type, id })) },
      viewer,
    });
    return _entities.flatMap((entity) => (entity ? [[entity.id, entity.name] as [string, string]] : []));
  }
}
