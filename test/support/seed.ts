import { newId } from '#core/id';
import type { TestClient } from './client.ts';

const SESSION = 'accessToken refreshToken viewer { user { id email name } organization { id } role { id name } }';

interface Session {
  accessToken: string;
  refreshToken: string;
  viewer: { user: { id: string; email: string; name: string }; organization: { id: string } };
}

export const PASSWORD = 'correct horse battery staple';

/** Somebody who is logged in. */
export interface Person {
  id: string;
  orgId: string;
  email: string;
  name: string;
  refreshToken: string;
  client: TestClient;
}

export interface SeededAgent {
  id: string;
  name: string;
}

export interface SeededRoom {
  id: string;
  cursor: string;
}

/** Makes what a test starts from, through the API alone: `const owner = await seed.owner()`. */
export class Seed {
  private readonly clients: TestClient[] = [];

  constructor(private readonly anonymous: TestClient) {}

  /** A new organization and its owner. */
  async owner(name = 'Olga Owner'): Promise<Person> {
    const email = `${newId()}@example.com`;
    const { signUp } = await this.anonymous.request<{ signUp: Session }>(
      `mutation ($input: SignUpInput!) { signUp(input: $input) { ${SESSION} } }`,
      { input: { email, password: PASSWORD, name, organizationName: `Org of ${name}` } },
    );
    return this.person(signUp);
  }

  /** Another person in the organization of `inviter`. `roleId` is ADMIN, MEMBER, VIEWER or OWNER, or a custom role's id. */
  async member(inviter: Person, roleId = 'MEMBER', name = 'Max Member'): Promise<Person> {
    const email = `${newId()}@example.com`;
    const { createInvitation } = await inviter.client.request<{ createInvitation: { token: string } }>(
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { token } }',
      { input: { email, roleId } },
    );
    const { acceptInvitation } = await this.anonymous.request<{ acceptInvitation: Session }>(
      `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { ${SESSION} } }`,
      { input: { token: createInvitation.token, name, password: PASSWORD } },
    );
    return this.person(acceptInvitation);
  }

  /** A published agent that answers with the offline model, unless `input` says otherwise. */
  async agent(owner: Person, input: Record<string, unknown> = {}): Promise<SeededAgent> {
    const { createAgent } = await owner.client.request<{ createAgent: { agent: SeededAgent } }>(
      'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id name } } }',
      { input: { name: 'Ada', instructions: 'Be brief.', ...input } },
    );
    return createAgent.agent;
  }

  /** A room with its maker, and with whom else is given. */
  async room(maker: Person, { agents = [], people = [], title = 'A room' }: RoomOptions = {}): Promise<SeededRoom> {
    const { createConversation } = await maker.client.request<{ createConversation: { conversation: SeededRoom } }>(
      `mutation ($input: CreateConversationInput!) {
        createConversation(input: $input) { conversation { id cursor } }
      }`,
      { input: { title, agentIds: agents.map(({ id }) => id), userIds: people.map(({ id }) => id) } },
    );
    return createConversation.conversation;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
  }

  private person({ accessToken, refreshToken, viewer }: Session): Person {
    const client = this.anonymous.as(accessToken);
    this.clients.push(client);
    return { ...viewer.user, orgId: viewer.organization.id, refreshToken, client };
  }
}

export interface RoomOptions {
  agents?: SeededAgent[];
  people?: Person[];
  title?: string;
}
