import type { StoredSession } from './session-store.ts';

/** The operations of this client and the shapes of their answers. */

const SESSION_FIELDS = 'accessToken refreshToken expiresAt';

export const LOG_IN = `mutation LogIn($input: LogInInput!) { session: logIn(input: $input) { ${SESSION_FIELDS} } }`;
export const REFRESH = `mutation Refresh($input: RefreshSessionInput!) {
  session: refreshSession(input: $input) { ${SESSION_FIELDS} }
}`;
export const LOG_OUT = 'mutation LogOut { logOut { __typename } }';

export interface SessionResult {
  session: StoredSession;
}

/** A person or an agent in a room. */
export interface Participant {
  __typename: 'User' | 'Agent';
  id: string;
  name: string;
}

export interface RunFault {
  code: string;
  message: string;
  retryable: boolean;
}

/** A reply that an agent works on. */
export interface Run {
  id: string;
  state: 'QUEUED' | 'RUNNING' | 'WAITING' | 'SUCCEEDED' | 'PARTIAL' | 'FAILED' | 'CANCELLED' | 'LIMIT_REACHED';
  /** While it is WAITING: for what. */
  waitingFor: 'APPROVAL' | 'INPUT' | 'BUDGET' | null;
  error: RunFault | null;
  agent: { name: string };
}

export interface Message {
  id: string;
  status: 'COMPLETE' | 'STREAMING' | 'CANCELLED' | 'FAILED';
  text: string;
  author: Participant;
  attachments: Attachment[];
}

/** A file that was uploaded, or that an agent has made. */
export interface Attachment {
  id: string;
  fileName: string;
  mimeType: string;
  byteSize: number;
  /** In pixels; null for what is no picture. */
  width: number | null;
  height: number | null;
  /** Where it can be had without a credential for a while; it may be relative to the server. */
  url: string;
}

/** Something that an agent asks people for. */
export interface Approval {
  id: string;
  state: 'PENDING' | 'APPROVED' | 'REJECTED' | 'CANCELLED';
  kind: 'TOOL_CALL' | 'LIMIT' | 'CHOICE';
  /** The tool, the limit or the choice that it is about. */
  subject: string;
  arguments: unknown;
  agent: { name: string };
}

/** That a person speaks for an agent, or for all agents of a room where none is named. */
export interface Takeover {
  agent: { id: string; name: string } | null;
  by: { id: string; name: string };
}

export interface Agent {
  id: string;
  name: string;
  description: string | null;
}

export interface RoomSummary {
  id: string;
  title: string | null;
  participants: Participant[];
}

/** A room in the list of those that one takes part in. */
export interface ListedRoom extends RoomSummary {
  /** How many messages of others one has not read. */
  unreadCount: number;
}

export const PARTICIPANT =
  'fragment participant on Participant { __typename ... on User { id name } ... on Agent { id name } }';
const ATTACHMENT = 'fragment attachment on Attachment { id fileName mimeType byteSize width height url }';
export const MESSAGE = `fragment message on Message {
  id status text author { ...participant } attachments { ...attachment }
} ${PARTICIPANT} ${ATTACHMENT}`;

export const APPROVAL = 'fragment approval on Approval { id state kind subject arguments agent { name } }';

export const RUN = 'fragment run on Run { id state waitingFor error { code message retryable } agent { name } }';

export const TAKEOVER = 'fragment takeover on Takeover { agent { id name } by { id name } }';

export const VIEWER = 'query Viewer { viewer { user { id name } organization { name } } }';

export interface ViewerResult {
  viewer: { user: { id: string; name: string } | null; organization: { name: string } } | null;
}

export const ROOMS = `query Rooms($first: Int!) {
  conversations(first: $first) { edges { node { id title unreadCount participants { ...participant } } } }
} ${PARTICIPANT}`;

export interface RoomsResult {
  conversations: { edges: { node: ListedRoom }[] };
}

/** The history and the cursor come from one query: the stream that is resumed from there fits it without a seam. */
export const ENTER_ROOM = `query EnterRoom($id: ID!, $last: Int!) {
  conversation(id: $id) {
    id title cursor
    participants { ...participant }
    messages(last: $last) { edges { node { ...message } } }
    runs(first: 20) { edges { node { ...run } } }
    takeovers { ...takeover }
  }
  approvals(state: PENDING, first: 100) { edges { node { ...approval conversation { id } } } }
} ${MESSAGE} ${RUN} ${APPROVAL} ${TAKEOVER}`;

export interface EnterRoomResult {
  conversation:
    | (RoomSummary & {
        cursor: string;
        messages: { edges: { node: Message }[] };
        runs: { edges: { node: Run }[] };
        takeovers: Takeover[];
      })
    | null;
  /** Of all rooms. */
  approvals: { edges: { node: Approval & { conversation: { id: string } } }[] };
}

export const AGENTS = `query Agents($first: Int!) {
  agents(first: $first) { edges { node { id name description } } }
}`;

export interface AgentsResult {
  agents: { edges: { node: Agent }[] };
}

export const CREATE_ROOM = `mutation CreateRoom($input: CreateConversationInput!) {
  createConversation(input: $input) { conversation { id title participants { ...participant } } }
} ${PARTICIPANT}`;

export interface CreateRoomResult {
  createConversation: { conversation: RoomSummary };
}

export const SEND = `mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) { message { id } run { id } }
}`;

export interface SendResult {
  sendMessage: { message: { id: string }; run: { id: string } | null };
}

/** What a message does while a run of the room is not finished: wait, be refused, stop the run, or take it back. */
export type WhenBusy = 'ENQUEUE' | 'REJECT' | 'INTERRUPT' | 'ROLLBACK';

export const CANCEL = 'mutation Cancel($input: CancelRunInput!) { cancelRun(input: $input) { run { id state } } }';

export const MARK_READ = `mutation MarkRead($input: MarkReadInput!) {
  markRead(input: $input) { conversation { id } }
}`;

export const DECIDE = `mutation Decide($input: DecideApprovalInput!) {
  decideApproval(input: $input) { approval { id state } }
}`;
