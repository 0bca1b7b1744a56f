import { permitted } from '#core/subgraph/rule';

const read = permitted('conversations:read');
const write = permitted('conversations:write');

const event = { cursor: read, at: read };

/** The coarse gate of live sessions. That each is seen by its own user alone is the service's to say. */
export const livePermissions = {
  Query: { liveSession: read, openLiveSessions: read },
  Mutation: { startLiveSession: write, sendLiveInput: write, endLiveSession: read },
  Subscription: { liveEvents: read },
  LiveSession: {
    id: read,
    conversation: read,
    agent: read,
    agentVersion: read,
    model: read,
    modality: read,
    state: read,
    turns: read,
    endReason: read,
    error: read,
    usage: read,
    startedAt: read,
    expiresAt: read,
    endedAt: read,
    cursor: read,
  },
  LiveReady: { ...event, resumed: read },
  LiveText: { ...event, turn: read, text: read },
  LiveAudio: { ...event, turn: read, index: read, mimeType: read, data: read },
  LiveInputTranscript: { ...event, turn: read, text: read },
  LiveOutputTranscript: { ...event, turn: read, text: read },
  LiveToolCall: { ...event, turn: read, callId: read, name: read, arguments: read },
  LiveToolResult: { ...event, turn: read, callId: read, name: read, result: read, isError: read },
  LiveInterrupted: { ...event, turn: read, dropBefore: read },
  LiveTurnRestarted: { ...event, turn: read, dropBefore: read },
  LiveTurnCompleted: { ...event, turn: read, interrupted: read, userMessageId: read, agentMessageId: read },
  LiveUsage: { ...event, turn: read, usage: read },
  LiveSessionEnded: { ...event, reason: read, error: read, totalUsage: read },
  LiveGap: event,
  StartLiveSessionPayload: { session: write },
  SendLiveInputPayload: { sequence: write, duplicate: write },
  EndLiveSessionPayload: { session: read },
};
