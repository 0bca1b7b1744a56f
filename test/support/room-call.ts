import type { TestClient } from './client.ts';
import type { SeededRoom } from './seed.ts';

export interface SentMessage {
  message: { id: string };
  run: { id: string; state: string; agent: { id: string } } | null;
}

export const SEND_MESSAGE = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { message { id } run { id state agent { id } } }
}`;

/** Writes in a room. */
export async function sendMessage(
  client: TestClient,
  roomId: string,
  text: string,
  input: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<SentMessage> {
  const { sendMessage: sent } = await client.request<{ sendMessage: SentMessage }>(
    SEND_MESSAGE,
    { input: { conversationId: roomId, text, ...input } },
    headers,
  );
  return sent;
}

/** Makes a room for the caller and agents. */
export async function createRoom(client: TestClient, agentIds: string[], title = 'A room'): Promise<SeededRoom> {
  const { createConversation } = await client.request<{ createConversation: { conversation: SeededRoom } }>(
    'mutation ($input: CreateConversationInput!) { createConversation(input: $input) { conversation { id cursor } } }',
    { input: { title, agentIds } },
  );
  return createConversation.conversation;
}

/** Makes an agent that answers with the given model, the offline one where none is given. */
export async function createAgent(client: TestClient, input: Record<string, unknown> = {}): Promise<string> {
  const { createAgent: made } = await client.request<{ createAgent: { agent: { id: string } } }>(
    'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }',
    { input: { name: 'Ada', instructions: 'Be brief.', model: 'offline/parley', ...input } },
  );
  return made.agent.id;
}

export interface RunAnswer {
  state: string;
  attempt: number;
  error: { code: string; message: string; retryable: boolean } | null;
  usage: Record<string, number> | null;
}

/** A run as `run(id)` answers; null where there is none for this caller. */
export async function readRun(client: TestClient, id: string): Promise<RunAnswer | null> {
  const { data } = await client.send<{ run: RunAnswer | null }>(
    `query ($id: ID!) {
      run(id: $id) {
        state attempt error { code message retryable }
        usage { inputTokens cachedInputTokens toolUseInputTokens outputTokens thinkingTokens totalTokens }
      }
    }`,
    { id },
  );
  return data?.run ?? null;
}
