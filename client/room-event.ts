import {
  APPROVAL,
  type Approval,
  type Attachment,
  MESSAGE,
  type Message,
  type Participant,
  RUN,
  type Run,
  TAKEOVER,
  type Takeover,
} from './operation.ts';

export const FOLLOW = `subscription Follow($room: ID!, $after: String!) {
  conversationEvents(conversationId: $room, after: $after) {
    __typename
    cursor
    ... on MessageAdded { message { ...message } }
    ... on MessageDelta { messageId attempt text }
    ... on MessageAttachmentAdded { messageId attachment { ...attachment } }
    ... on MessageRestarted { messageId attempt }
    ... on MessageCompleted { message { ...message } }
    ... on RunStateChanged { run { ...run } }
    ... on RunRolledBack { run { agent { name } rollback { by { name } sideEffects { name } } } }
    ... on ApprovalRequested { approval { ...approval } }
    ... on ApprovalDecided { approval { ...approval } }
    ... on StepStarted { step { ...step } }
    ... on StepFinished { step { ...step } }
    ... on ToolCallStarted { step { ...step } }
    ... on ToolCallFinished { step { ...step } }
    ... on BranchSelected { messageId replacedMessageId }
    ... on ConversationTakenOver { takeover { ...takeover } }
    ... on ConversationHandedBack { takeover { ...takeover } by { name } }
    ... on ConversationUpdated { title }
    ... on ParticipantJoined { participant { ...participant } }
    ... on ParticipantLeft { participant { ...participant } }
    ... on ReactionAdded { messageId emoji participant { ...participant } }
    ... on ReactionRemoved { messageId emoji participant { ...participant } }
    ... on ContextFolded { agent { name } messageCount }
    ... on PersonErased { participant { ...participant } }
  }
}
fragment step on Step { kind name state agent { name } decision error { message } }
${MESSAGE} ${RUN} ${APPROVAL} ${TAKEOVER}`;

interface Named {
  name: string;
}

/** One thing that is done within a run. */
export interface WorkStep {
  kind: 'MODEL' | 'TOOL' | 'AGENT' | 'DECISION';
  name: string;
  state: 'RUNNING' | 'WAITING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  agent: Named;
  /** What was chosen; its shape depends on what chose. */
  decision: { node?: unknown } | null;
  error: { message: string } | null;
}

/** What happens in a room; kinds that this client does not know of are passed over. */
export type RoomEvent = { cursor: string } & (
  | { __typename: 'MessageAdded'; message: Message }
  | { __typename: 'MessageDelta'; messageId: string; attempt: number; text: string }
  | { __typename: 'MessageAttachmentAdded'; messageId: string; attachment: Attachment }
  | { __typename: 'MessageRestarted'; messageId: string; attempt: number }
  | { __typename: 'MessageCompleted'; message: Message }
  | { __typename: 'RunStateChanged'; run: Run }
  | {
      __typename: 'RunRolledBack';
      run: { agent: Named; rollback: { by: Named; sideEffects: Named[] } | null };
    }
  | { __typename: 'ApprovalRequested' | 'ApprovalDecided'; approval: Approval }
  | { __typename: 'StepStarted' | 'StepFinished' | 'ToolCallStarted' | 'ToolCallFinished'; step: WorkStep }
  | { __typename: 'BranchSelected'; messageId: string; replacedMessageId: string | null }
  | { __typename: 'ConversationTakenOver'; takeover: Takeover }
  | { __typename: 'ConversationHandedBack'; takeover: Takeover; by: Named }
  | { __typename: 'ConversationUpdated'; title: string | null }
  | { __typename: 'ParticipantJoined' | 'ParticipantLeft' | 'PersonErased'; participant: Participant }
  | { __typename: 'ReactionAdded' | 'ReactionRemoved'; messageId: string; emoji: string; participant: Participant }
  | { __typename: 'ContextFolded'; agent: Named; messageCount: number }
  | { __typename: 'StreamGap' }
);

export interface FollowResult {
  conversationEvents: RoomEvent;
}
