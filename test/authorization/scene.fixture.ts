import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '#core/id';
import type { TestClient } from '../support/client.ts';
import type { Person } from '../support/seed.ts';
import type { TestServer } from '../support/server.ts';

/** Ids of things in one organization, each there for the asking. */
export interface Things {
  agent: string;
  memoryBlock: string;
  tokenLimit: string;
  rule: string;
  room: string;
  message: string;
  /** Of a message in a room. */
  attachment: string;
  run: string;
  /** Of that run, which waits for somebody to allow it. */
  step: string;
  approval: string;
  apiKey: string;
  invitation: string;
  role: string;
  serviceAccount: string;
  member: string;
  user: string;
  session: string;
  live: string;
  /** That waits for a moment that is far away. */
  task: string;
  /** A job that is dead. */
  deadLetter: string;
  webhook: string;
  webhookDelivery: string;
  schedule: string;
}

/** One field of the first field of an answer, by its path. */
const pick = async (
  client: TestClient,
  query: string,
  input: Record<string, unknown>,
  path: string,
): Promise<string> => {
  const data = await client.request<Record<string, unknown>>(query, { input });
  const found = path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], data);
  return String(found);
};

/** Makes one thing at a time, as the owner of an organization. */
export class Maker {
  constructor(
    readonly test: TestServer,
    readonly owner: Person,
  ) {}

  private make(field: string, input: Record<string, unknown>, selection: string, path: string): Promise<string> {
    const type = `${field[0]?.toUpperCase()}${field.slice(1)}Input`;
    const query = `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} } }`;
    return pick(this.owner.client, query, input, `${field}.${path}`);
  }

  agent = () => this.make('createAgent', { name: 'Ada', instructions: 'Be brief.' }, 'agent { id }', 'agent.id');
  memoryBlock = () =>
    this.make(
      'createMemoryBlock',
      { scope: 'ORG', label: `m-${newId()}`, value: 'Nobody else may read this' },
      'memoryBlock { id }',
      'memoryBlock.id',
    );
  /** Of an agent of its own. */
  tokenLimit = async () =>
    this.make(
      'setTokenLimit',
      { agentId: await this.agent(), period: 'TOTAL', maxTokens: 1_000_000, whenExhausted: 'PAUSE' },
      'tokenLimit { id }',
      'tokenLimit.id',
    );
  /** One that is about nothing that is ever said. */
  rule = () =>
    this.make(
      'createRule',
      {
        name: 'A rule',
        stage: 'INPUT',
        condition: 'text == "Nobody else may read this rule"',
        actions: [{ tag: { tags: ['x'] } }],
      },
      'rule { id }',
      'rule.id',
    );
  /** Of what never happens here, at an address that is never reached. */
  webhook = () =>
    this.make(
      'createWebhook',
      { url: 'http://127.0.0.1:9/hook', types: ['agent.restored'] },
      'webhook { id }',
      'webhook.id',
    );
  /** One that waits: what is tried does not stand still. */
  webhookDelivery = async () => {
    const { testWebhook } = await this.owner.client.request<{ testWebhook: { delivery: { id: string } } }>(
      `mutation ($input: WebhookInput!) {
        pauseWebhook(input: $input) { webhook { id } }
        testWebhook(input: $input) { delivery { id } }
      }`,
      { input: { webhookId: await this.webhook() } },
    );
    return testWebhook.delivery.id;
  };
  role = () => this.make('createRole', { name: newId(), permissions: ['agents:read'] }, 'role { id }', 'role.id');
  apiKey = () => this.make('createApiKey', { name: 'a key' }, 'apiKey { id }', 'apiKey.id');
  serviceAccount = () =>
    this.make(
      'createServiceAccount',
      { name: 'A bot', roleId: 'MEMBER' },
      'serviceAccount { id }',
      'serviceAccount.id',
    );
  /** `id` of the invitation, or its `token`. */
  invitation = (what: 'invitation.id' | 'token' = 'invitation.id', email = `${newId()}@example.com`) =>
    this.make('createInvitation', { email, roleId: 'MEMBER' }, 'token invitation { id }', what);
  keyOf = (principalId: string) => this.make('createApiKey', { name: 'a key', principalId }, 'secret', 'secret');
  scopedKey = (scopes: string[]) => this.make('createApiKey', { name: 'a key', scopes }, 'secret', 'secret');

  room = (userIds: string[] = [], agentIds: string[] = []) =>
    this.make('createConversation', { title: 'A room', userIds, agentIds }, 'conversation { id }', 'conversation.id');

  /** A room with an agent, a message in it, and the run that answers. */
  async talk(userIds: string[] = []): Promise<Pick<Things, 'agent' | 'room' | 'message' | 'run'>> {
    const agent = await this.agent();
    const room = await this.room(userIds, [agent]);
    const { sendMessage } = await this.owner.client.request<{
      sendMessage: { message: { id: string }; run: { id: string } };
    }>('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } run { id } } }', {
      input: { conversationId: room, text: 'Nobody else may read this' },
    });
    return { agent, room, message: sendMessage.message.id, run: sendMessage.run.id };
  }

  /** A file that was sent to a room. */
  async attachment(userIds: string[] = []): Promise<string> {
    const headers = { authorization: `Bearer ${this.owner.client.token}`, 'content-type': 'text/plain' };
    const answer = await fetch(`${this.test.url}/uploads`, {
      method: 'POST',
      headers,
      body: 'Nobody else may read this',
    });
    const { attachment } = (await answer.json()) as { attachment: { id: string } };
    const conversationId = await this.room(userIds);
    const input = { conversationId, text: '', attachmentIds: [attachment.id] };
    await this.make('sendMessage', input, 'message { id }', 'message.id');
    return attachment.id;
  }

  /** A run that waits for somebody to allow one of its steps. */
  async waiting(userIds: string[] = []): Promise<Pick<Things, 'run' | 'step' | 'approval'>> {
    const tools = [{ name: 'current_time', approval: { rule: 'ALWAYS' } }];
    // The one that calls a tool when it is told to, whichever is the default.
    const asker = { name: 'Asker', model: 'offline/parley', tools };
    const agent = await this.make('createAgent', asker, 'agent { id }', 'agent.id');
    const conversationId = await this.room(userIds, [agent]);
    const text = 'use tool current_time';
    const run = await this.make('sendMessage', { conversationId, text }, 'run { id }', 'run.id');
    for (;;) {
      const { run: seen } = await this.owner.client.request<{
        run: { state: string; approvals: { nodes: { id: string; step: { id: string } }[] } };
      }>('query ($id: ID!) { run(id: $id) { state approvals { nodes { id step { id } } } } }', { id: run });
      const [asked] = seen.approvals.nodes;
      if (asked && seen.state === 'WAITING') return { run, approval: asked.id, step: asked.step.id };
      if (seen.state === 'FAILED') throw new Error('The run failed instead of asking.');
      await sleep(150);
    }
  }

  /** A run that was cancelled. */
  async cancelled(userIds: string[] = []): Promise<string> {
    const { run } = await this.waiting(userIds);
    await this.make('cancelRun', { runId: run }, 'run { id }', 'run.id');
    for (;;) {
      const { run: seen } = await this.owner.client.request<{ run: { state: string } }>(
        'query ($id: ID!) { run(id: $id) { state } }',
        { id: run },
      );
      if (seen.state === 'CANCELLED') return run;
      await sleep(150);
    }
  }

  async memberIdOf(userId: string): Promise<string> {
    const { organization } = await this.owner.client.request<{
      organization: { members: { nodes: { id: string; user: { id: string } }[] } };
    }>('{ organization { members(first: 100) { nodes { id user { id } } } } }');
    return organization.members.nodes.find(({ user }) => user.id === userId)?.id ?? '';
  }

  sessionOf = async (person: Person): Promise<string> => {
    const { viewer } = await person.client.request<{ viewer: { credential: { id: string } } }>(
      '{ viewer { credential { id } } }',
    );
    return viewer.credential.id;
  };

  /** A live session, which has ended: an open one does not stand still. */
  async liveSession(): Promise<string> {
    const conversationId = await this.room([], [await this.agent()]);
    const id = await this.make('startLiveSession', { conversationId }, 'session { id }', 'session.id');
    return this.make('endLiveSession', { sessionId: id }, 'session { id }', 'session.id');
  }

  task = () =>
    this.make(
      'createTask',
      {
        kind: 'CALL_WEBHOOK',
        input: { url: 'https://example.com/', body: 'Nobody else may read this' },
        startAfter: '2099-01-01T00:00:00Z',
      },
      'task { id }',
      'task.id',
    );

  /** Whose time is far away. */
  schedule = () =>
    this.make(
      'createSchedule',
      {
        name: 'Nobody else may read this',
        at: '2099-01-01T00:00:00Z',
        kind: 'CALL_WEBHOOK',
        input: { url: 'https://example.com/' },
      },
      'schedule { id }',
      'schedule.id',
    );

  /** A job of a webhook that may not be called. */
  async deadLetter(): Promise<string> {
    const input = { kind: 'CALL_WEBHOOK', input: { url: 'http://127.0.0.1/' } };
    const id = await this.make('createTask', input, 'task { id }', 'task.id');
    for (;;) {
      const { task } = await this.owner.client.request<{
        task: { state: string; jobs: { nodes: { id: string }[] } };
      }>('query ($id: ID!) { task(id: $id) { state jobs { nodes { id } } } }', { id });
      if (task.state === 'FAILED') return task.jobs.nodes[0]?.id ?? '';
      await sleep(150);
    }
  }

  /** One of everything. */
  async things(): Promise<Things> {
    const person = await this.test.seed.member(this.owner);
    const [memoryBlock, apiKey, invitation, role, serviceAccount, member, session, live] = await Promise.all([
      this.memoryBlock(),
      this.apiKey(),
      this.invitation(),
      this.role(),
      this.serviceAccount(),
      this.memberIdOf(person.id),
      this.sessionOf(person),
      this.liveSession(),
    ]);
    const talk = await this.talk();
    const attachment = await this.attachment();
    const { step, approval } = await this.waiting();
    const [tokenLimit, rule] = [await this.tokenLimit(), await this.rule()];
    const [task, deadLetter, schedule] = await Promise.all([this.task(), this.deadLetter(), this.schedule()]);
    const [webhook, webhookDelivery] = await Promise.all([this.webhook(), this.webhookDelivery()]);
    const known = {
      memoryBlock,
      tokenLimit,
      rule,
      webhook,
      webhookDelivery,
      apiKey,
      invitation,
      role,
      serviceAccount,
      member,
      session,
      live,
      user: person.id,
      task,
      deadLetter,
      schedule,
    };
    return { ...talk, attachment, step, approval, ...known };
  }
}
