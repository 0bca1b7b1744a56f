import { anyone, permitted } from '#core/subgraph/rule';

const read = permitted('conversations:read');
const write = permitted('conversations:write');

const member = permitted('organization:read');
const manage = permitted('conversations:manage_all');

const event = { cursor: read, at: read, conversation: read };

/** The coarse gate of what happens in rooms beside writing. */
export const roomLifePermissions = {
  Query: { searchMessages: read, exportPage: anyone, retentionPolicy: member },
  Mutation: {
    addReaction: write,
    removeReaction: write,
    markRead: read,
    setTyping: write,
    exportConversation: read,
    setRetention: manage,
  },
  Subscription: { roomPresence: read },
  Conversation: { readMarks: read, unreadCount: read },
  Message: { reactions: read, erasedAt: read },
  Reaction: { emoji: read, count: read, viewerReacted: read, users: read },
  AddReactionPayload: { message: write },
  RemoveReactionPayload: { message: write },
  ReactionAdded: { ...event, messageId: read, emoji: read, participant: read },
  ReactionRemoved: { ...event, messageId: read, emoji: read, participant: read },
  PersonErased: { ...event, participant: read },
  ReadMark: { participant: read, messageId: read, at: read },
  MarkReadPayload: { conversation: read },
  ReadMarkMoved: { ...event, messageId: read, participant: read },
  RoomPresence: { conversation: read, here: read, typing: read },
  SetTypingPayload: { expiresAt: write },
  MessageSearchConnection: { edges: read, nodes: read, pageInfo: read, totalCount: read },
  MessageSearchEdge: { cursor: read, node: read, rank: read, snippet: read },
  ExportConversationPayload: { url: read, expiresAt: read, fileName: read },
  ExportPage: { text: anyone, next: anyone, contentType: anyone, fileName: anyone },
  RetentionPolicy: { messagesDays: member, minimumDays: member, updatedAt: member },
  SetRetentionPayload: { retentionPolicy: member },
  SnippetPart: { text: read, isMatch: read },
};
