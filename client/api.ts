import { randomUUID } from 'node:crypto';
import type { Credential } from './credential.ts';
import { ApiError, request } from './graphql-http.ts';
import * as operation from './operation.ts';
import { persist } from './retry.ts';
import { type LocalFile, upload } from './upload.ts';

/** How many rooms and agents there are to choose from. */
const CHOICES = 50;

/** Everything that the chat asks of the server, but for the live stream. */
export class ChatApi {
  constructor(
    readonly endpoint: URL,
    readonly credential: Credential,
    /** Is told when a request has failed and is being tried again. */
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  async viewer(): Promise<operation.ViewerResult['viewer']> {
    return (await this.query<operation.ViewerResult>(operation.VIEWER, {})).viewer;
  }

  async rooms(): Promise<operation.ListedRoom[]> {
    const { conversations } = await this.query<operation.RoomsResult>(operation.ROOMS, { first: CHOICES });
    return conversations.edges.map(({ node }) => node);
  }

  async agents(): Promise<operation.Agent[]> {
    const { agents } = await this.query<operation.AgentsResult>(operation.AGENTS, { first: CHOICES });
    return agents.edges.map(({ node }) => node);
  }

  /** The room with its last messages, oldest first, its newest runs, and the cursor to follow it from. */
  async enter(id: string, last: number) {
    const result = await this.query<operation.EnterRoomResult>(operation.ENTER_ROOM, { id, last });
    const { conversation } = result;
    if (!conversation) throw new ApiError('NOT_FOUND', 'There is no such room.');
    const asked = result.approvals.edges.filter(({ node }) => node.conversation.id === id).map(({ node }) => node);
    const messages = conversation.messages.edges.map(({ node }) => node);
    const runs = conversation.runs.edges.map(({ node }) => node);
    return { ...conversation, messages, runs, approvals: asked };
  }

  async createRoom(title: string, agentIds: string[]): Promise<operation.RoomSummary> {
    const input = { ...(title && { title }), agentIds };
    const result = await this.mutate<operation.CreateRoomResult>(operation.CREATE_ROOM, { input });
    return result.createConversation.conversation;
  }

  /** @returns The run whose reply is to come; null where no agent answers. */
  async send(
    conversationId: string,
    text: string,
    attachmentIds: string[] = [],
    whenBusy: operation.WhenBusy = 'ENQUEUE',
  ): Promise<string | null> {
    const { sendMessage } = await this.mutate<operation.SendResult>(operation.SEND, {
      input: { conversationId, text, whenBusy, ...(attachmentIds.length > 0 && { attachmentIds }) },
    });
    return sendMessage.run?.id ?? null;
  }

  /** An upload whose answer was lost is sent again: what is not sent with a message the server forgets after a day. */
  upload(file: LocalFile): Promise<operation.Attachment> {
    return this.authorized((authorization) => upload(this.endpoint, file, authorization));
  }

  async cancel(runId: string): Promise<void> {
    await this.mutate(operation.CANCEL, { input: { runId } });
  }

  /** Everything up to the cursor of an event is read. */
  async markRead(conversationId: string, cursor: string): Promise<void> {
    await this.mutate(operation.MARK_READ, { input: { conversationId, cursor } });
  }

  /** Allows what an agent asks for, with other arguments where they are given, or refuses it. */
  async decide(approvalId: string, decision: 'APPROVE' | 'REJECT' | 'EDIT', more: object = {}): Promise<void> {
    await this.mutate(operation.DECIDE, { input: { approvalId, decision, ...more } });
  }

  /** Asks what no method of this class does. */
  query<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
    return this.run<Data>(query, variables, undefined);
  }

  /** One key for all the tries: a mutation whose answer was lost is not done again. */
  mutate<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
    return this.run<Data>(query, variables, randomUUID());
  }

  private run<Data>(query: string, variables: Record<string, unknown>, idempotencyKey: string | undefined) {
    return this.authorized((authorization) =>
      request<Data>(this.endpoint, query, variables, { authorization, idempotencyKey }),
    );
  }

  private authorized<T>(ask: (authorization: string) => Promise<T>): Promise<T> {
    const attempt = async (): Promise<T> => ask(await this.credential.authorization());
    return persist(async () => {
      try {
        return await attempt();
      } catch (error) {
        const isRefused = error instanceof ApiError && error.code === 'UNAUTHENTICATED';
        if (!isRefused || !(await this.credential.renew())) throw error;
        return await attempt();
      }
    }, this.onTrouble);
  }
}
