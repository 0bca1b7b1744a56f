import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import type { TestClient } from '#test/support/client';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { EVENT, eventually, listEvents, type SeenEvent } from '../events.fixture.ts';

const STREAM = `subscription ($filter: EventStreamFilter, $after: String) {
  eventStream(filter: $filter, after: $after) { cursor event { ${EVENT} } }
}`;

interface Arrival {
  cursor: string;
  event: SeenEvent | null;
}

/** Follows the log until it was given so many arrivals. */
function follow(client: TestClient, variables: Record<string, unknown>) {
  const arrivals: Arrival[] = [];
  const waiting: (() => void)[] = [];
  const socket = client.socket();
  let failure: unknown = null;
  const stop = socket.subscribe<{ eventStream: Arrival }>(
    { query: STREAM, variables },
    {
      next: ({ data, errors }) => {
        if (errors) failure = errors;
        if (data) arrivals.push(data.eventStream);
        for (const wake of waiting.splice(0)) wake();
      },
      error: (error) => {
        failure = error;
        for (const wake of waiting.splice(0)) wake();
      },
      complete: () => {},
    },
  );
  return {
    arrivals,
    stop,
    async until(isSo: (all: Arrival[]) => boolean): Promise<Arrival[]> {
      while (!isSo(arrivals)) {
        if (failure) throw new Error(`The stream failed: ${JSON.stringify(failure)}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return arrivals;
    },
  };
}

const START = Buffer.from('["ev","0"]').toString('base64url');

describe('the log of events', { timeout: 60_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let admin: Person;
  let stranger: Person;

  const rename = (person: Person, name: string) =>
    person.client.request(
      'mutation ($name: String!) { updateOrganization(input: {name: $name}) { organization { id } } }',
      {
        name,
      },
    );
  const customRole = async (permissions: string[]) => {
    const { createRole } = await olga.client.request<{ createRole: { role: { id: string } } }>(
      'mutation ($input: CreateRoleInput!) { createRole(input: $input) { role { id } } }',
      { input: { name: newId(), permissions } },
    );
    return createRole.role.id;
  };

  beforeAll(async () => {
    test = await startTestServer();
    [olga, stranger] = await Promise.all([test.seed.owner('Olga'), test.seed.owner('Stranger')]);
    admin = await test.seed.member(olga, 'ADMIN', 'Alma');
  }, 120_000);

  it('tells who changed what through which request, and what it was before', async () => {
    const { headers } = await olga.client.send(
      'mutation { updateOrganization(input: {name: "Olga & Co."}) { organization { id } } }',
    );
    const [event] = await eventually(
      () => listEvents(olga.client, { types: ['organization.updated'] }),
      ({ length }) => length > 0,
    );
    expect(event).toMatchObject({
      type: 'organization.updated',
      requestId: headers.get('x-request-id'),
      actor: { user: { id: olga.id }, credentialKind: 'SESSION' },
      subject: { kind: 'ORGANIZATION', id: olga.orgId },
      conversation: null,
      data: { name: 'Olga & Co.', after: { name: 'Olga & Co.' } },
    });
    expect(event?.data.before).not.toEqual(event?.data.after);
  });

  it('is counted without a gap, for each organization by itself', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => rename(n % 2 ? olga : stranger, `Name ${n}`)));
    const wanted = (all: SeenEvent[]) => all.filter(({ type }) => type === 'organization.updated').length >= 6;
    for (const person of [olga, stranger]) {
      const all = await eventually(() => listEvents(person.client), wanted);
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => all.length - index));
    }
  });

  it('finds by type, person, thing, room, time and words, in pages', async () => {
    const agent = await test.seed.agent(olga);
    const room = await test.seed.room(olga, { agents: [agent] });
    await eventually(
      () => listEvents(olga.client, { conversationId: room.id }),
      (found) => found.length > 0,
    );
    const [made] = await listEvents(olga.client, { types: ['agent.*'], subjectId: agent.id });
    expect(made).toMatchObject({ subject: { kind: 'AGENT', id: agent.id } });
    const types = (events: SeenEvent[]) => new Set(events.map(({ type }) => type));
    expect(types(await listEvents(olga.client, { conversationId: room.id }))).toEqual(
      new Set(['conversation.created']),
    );
    expect(types(await listEvents(olga.client, { search: 'organization -created updated' }))).toEqual(
      new Set(['organization.updated']),
    );
    expect(types(await listEvents(olga.client, { search: 'Olga & Co' }))).toEqual(new Set(['organization.updated']));
    expect(await listEvents(olga.client, { actorId: stranger.id })).toEqual([]);
    expect(await listEvents(olga.client, { actorId: 'nobody' })).toEqual([]);
    expect(await listEvents(olga.client, { until: '2020-01-01T00:00:00.000Z' })).toEqual([]);
    const seen: number[] = [];
    for (let after: string | null = null; ; ) {
      const { events }: { events: { nodes: SeenEvent[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } =
        await olga.client.request(
          'query ($after: String) { events(first: 4, after: $after) { nodes { seq } pageInfo { hasNextPage endCursor } } }',
          { after },
        );
      seen.push(...events.nodes.map(({ seq }) => seq));
      if (!events.pageInfo.hasNextPage) break;
      after = events.pageInfo.endCursor;
    }
    expect(seen).toEqual(seen.map((_, index) => seen.length - index));
    for (const [filter, path] of [
      [{ types: ['nothing.*'] }, 'filter.types.0'],
      [{ search: ' ' }, 'filter.search'],
    ] as const) {
      const { extensions } = await olga.client.refusal(
        'query ($filter: EventFilter) { events(filter: $filter) { totalCount } }',
        { filter },
      );
      expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path }] });
    }
  });

  it('streams what comes, and goes on behind the last event that a client has', async () => {
    const filter = { types: ['organization.*'] };
    const first = follow(olga.client, { filter, after: START });
    await rename(olga, 'While following');
    const isThere = (name: string) => (all: Arrival[]) => all.some(({ event }) => event?.data.name === name);
    const seen = [...(await first.until(isThere('While following')))];
    first.stop();
    for (const name of ['A', 'B', 'C']) await rename(olga, name);
    const second = follow(olga.client, { filter, after: seen.at(-1)?.cursor });
    await second.until(isThere('C'));
    await rename(olga, 'D');
    const later = await second.until(isThere('D'));
    second.stop();
    expect(later.map(({ event }) => event?.data.name)).toEqual(['A', 'B', 'C', 'D']);
    const all = await listEvents(olga.client, filter);
    const ids = [...seen, ...later].map(({ event }) => event?.id);
    expect(ids).toEqual(all.map(({ id }) => id).reverse());
    const { extensions } = await olga.client.refusal('{ events(after: "x") { totalCount } }');
    expect(extensions.code).toBe('BAD_USER_INPUT');
  });

  it('says where events are gone, also to a cursor from beyond the end', async () => {
    const beyond = follow(stranger.client, { after: Buffer.from('["ev","99999"]').toString('base64url') });
    expect((await beyond.until(({ length }) => length > 0))[0]?.event).toBeNull();
    beyond.stop();
    await test.pool().query('delete from event_records where org_id = $1 and seq <= 2', [stranger.orgId]);
    const behind = follow(stranger.client, { after: START });
    const [gap, next] = await behind.until(({ length }) => length > 1);
    behind.stop();
    expect(gap?.event).toBeNull();
    expect(next?.event?.seq).toBe(3);
  });

  it('shows what happens in rooms to those alone who may read them', async () => {
    const role = await customRole(['organization:read', 'events:read', 'conversations:read', 'conversations:write']);
    const blind = await customRole(['organization:read', 'events:read']);
    const [rita, bert] = await Promise.all([
      test.seed.member(olga, role, 'Rita'),
      test.seed.member(olga, blind, 'Bert'),
    ]);
    const [hers, other] = await Promise.all([test.seed.room(olga, { people: [rita] }), test.seed.room(olga)]);
    const ofRooms = { types: ['conversation.*'] };
    const rooms = (events: SeenEvent[]) => new Set(events.map(({ conversation }) => conversation?.id));
    await eventually(
      () => listEvents(olga.client, ofRooms),
      (found) => [hers, other].every(({ id }) => rooms(found).has(id)),
    );
    expect(rooms(await listEvents(admin.client, ofRooms))).toEqual(rooms(await listEvents(olga.client, ofRooms)));
    expect(rooms(await listEvents(rita.client, ofRooms))).toEqual(new Set([hers.id]));
    expect(await listEvents(rita.client, { conversationId: other.id })).toEqual([]);
    expect(await listEvents(bert.client, ofRooms)).toEqual([]);
    expect((await listEvents(bert.client, { types: ['role.created'] })).length).toBeGreaterThan(1);
    const stream = follow(rita.client, { filter: ofRooms, after: START });
    const [arrival] = await stream.until(({ length }) => length > 0);
    expect(arrival?.event?.conversation?.id).toBe(hers.id);
    await test.seed.room(olga);
    const next = await test.seed.room(olga, { people: [rita] });
    await stream.until((all) => all.some(({ event }) => event?.conversation?.id === next.id));
    stream.stop();
    expect(stream.arrivals.map(({ event }) => event?.conversation?.id)).toEqual([hers.id, next.id]);
  });

  it('holds nothing that says who somebody is, nor what is said', async () => {
    const secret = `words-${newId()}`;
    const email = `${newId()}@example.com`;
    const room = await test.seed.room(olga, { title: secret });
    await olga.client.request(
      'mutation ($id: ID!, $t: String!) { sendMessage(input: {conversationId: $id, text: $t}) { message { id } } updateConversation(input: {conversationId: $id, title: "x"}) { conversation { id } } }',
      { id: room.id, t: secret },
    );
    await olga.client.request(
      'mutation ($e: String!) { createInvitation(input: {email: $e, roleId: "VIEWER"}) { token } }',
      { e: email },
    );
    const all = await eventually(
      () => listEvents(olga.client),
      (found) => found.some(({ type }) => type === 'invitation.created'),
    );
    const text = JSON.stringify(all);
    for (const word of [secret, email, olga.email, 'Alma', '127.0.0.1']) expect(text).not.toContain(word);
    expect(await listEvents(olga.client, { search: email })).toEqual([]);
  });

  it('has a catalog with a schema for each type', async () => {
    const { eventTypes } = await olga.client.request<{
      eventTypes: { name: string; version: number; description: string; schema: object; personalFields: string[] }[];
    }>('{ eventTypes { name version description subjectKind schema personalFields } }');
    expect(eventTypes.find(({ name }) => name === 'invitation.created')).toMatchObject({
      version: 1,
      personalFields: ['email'],
      schema: { type: 'object', properties: { invitationId: { type: 'string', format: 'uuid' } } },
    });
    for (const { name, description } of eventTypes) {
      expect(name).toMatch(/^[a-z_]+\.[a-z_]+$/);
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });
});
