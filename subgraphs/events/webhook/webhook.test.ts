import type { ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { Outside } from '#core/outbound/outside.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { eventually } from '../events.fixture.ts';
import { FAILURES_UNTIL_PAUSE } from './deliver.ts';

const WEBHOOK = 'id url types includesRooms state pauseReason failures previousUntil';
const DELIVERY = 'id messageId type body state tries nextTryAt attempts { status response error durationMs }';

interface Hook {
  id: string;
  state: string;
  pauseReason: string | null;
  failures: number;
  previousUntil: string | null;
}

interface Delivery {
  id: string;
  messageId: string;
  type: string;
  body: string;
  state: string;
  tries: number;
  attempts: { status: number | null; response: string | null; error: string | null }[];
}

type Answer = (response: ServerResponse) => void;

describe('webhooks', { timeout: 60_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let outside: Outside;
  let inside: Outside;
  const answers = new Map<string, Answer>();

  const at = (path: string) => `http://127.0.0.1:${outside.port}${path}`;
  const call = async <Data>(field: string, type: string, input: object, selection: string, person = olga) =>
    (
      await person.client.request<Record<string, Data>>(
        `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} } }`,
        { input },
      )
    )[field] as Data;
  const create = (path: string, input: object = {}) =>
    call<{ webhook: Hook; secret: string }>(
      'createWebhook',
      'CreateWebhookInput',
      { url: at(path), types: ['organization.updated'], ...input },
      `webhook { ${WEBHOOK} } secret`,
    );
  const look = async (id: string) =>
    (await olga.client.request<{ webhook: Hook }>(`query ($id: ID!) { webhook(id: $id) { ${WEBHOOK} } }`, { id }))
      .webhook;
  const deliveries = async (webhookId: string, filter: object = {}) =>
    (
      await olga.client.request<{ webhookDeliveries: { nodes: Delivery[]; totalCount: number } }>(
        `query ($id: ID!, $filter: WebhookDeliveryFilter) {
          webhookDeliveries(webhookId: $id, filter: $filter, first: 100) { nodes { ${DELIVERY} } totalCount }
        }`,
        { id: webhookId, filter },
      )
    ).webhookDeliveries.nodes;
  const rename = (name = newId()) =>
    olga.client.request('mutation ($n: String!) { updateOrganization(input: {name: $n}) { organization { id } } }', {
      n: name,
    });
  const arrived = (path: string) => outside.requests.filter(({ url }) => url === path);
  const arrivals = (path: string, count: number) =>
    eventually(
      async () => arrived(path),
      ({ length }) => length >= count,
    );
  const settled = (webhookId: string, state: string) =>
    eventually(
      () => deliveries(webhookId),
      (all) => all.length > 0 && all.every((each) => each.state === state),
    );
  const status =
    (code: number, text = ''): Answer =>
    (response) =>
      void response.writeHead(code).end(text);
  const remove = (id: string) => call('deleteWebhook', 'WebhookInput', { webhookId: id }, 'deletedWebhookId');

  beforeAll(async () => {
    const serve = (host: string) =>
      Outside.start(({ url = '' }, response) => (answers.get(url) ?? status(204))(response), { host });
    [outside, inside] = await Promise.all([serve('127.0.0.1'), serve('127.0.0.2')]);
    atFileEnd(async () => void (await Promise.all([outside.stop(), inside.stop()])));
    test = await startTestServer({
      OUTBOUND_ALLOW: '127.0.0.1',
      WEBHOOK_RETRY_SECONDS: '0.05',
      WEBHOOK_TRIES: '3',
    });
    olga = await test.seed.owner();
  }, 120_000);

  it('tell an address of what it wants to know, signed so that others can check it', async () => {
    const { webhook, secret } = await create('/signed');
    await rename('Signed & Co.');
    await test.seed.agent(olga);
    const [request] = await arrivals('/signed', 1);
    if (!request) throw new Error('Nothing has come.');
    const { body, method } = request;
    const headers = request.headers as Record<string, string>;
    expect(method).toBe('POST');
    const sent = new Webhook(secret).verify(body, headers);
    expect(sent).toMatchObject({
      type: 'organization.updated',
      organizationId: olga.orgId,
      actor: { userId: olga.id },
      subject: { kind: 'ORGANIZATION', id: olga.orgId },
      data: { after: { name: 'Signed & Co.' } },
    });
    const { events } = await olga.client.request<{ events: { nodes: { id: string }[] } }>(
      '{ events(filter: {types: ["organization.updated"]}, first: 1) { nodes { id } } }',
    );
    expect(headers['webhook-id']).toBe(events.nodes[0]?.id);
    const [delivery] = await settled(webhook.id, 'DELIVERED');
    expect(delivery).toMatchObject({
      messageId: headers['webhook-id'],
      body,
      attempts: [{ status: 204, error: null }],
    });
    expect(arrived('/signed')).toHaveLength(1);
    const kept = await test.pool().query('select secret, url from webhooks where id = $1', [webhook.id]);
    expect(kept.rows[0].secret.toString('utf8')).not.toContain('whsec_');
    await remove(webhook.id);
  });

  it('are tried again under the same id, and dead in the end; what came of it is noted', async () => {
    const long = 'x'.repeat(5_000);
    answers.set('/bad', status(500, long));
    const { webhook } = await create('/bad');
    await rename();
    const [dead] = await settled(webhook.id, 'DEAD');
    expect(dead?.attempts).toHaveLength(3);
    expect(dead?.attempts[0]).toMatchObject({ status: 500, error: 'It answered 500.', response: long.slice(0, 1_024) });
    const requests = arrived('/bad');
    expect(new Set(requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([dead?.messageId]));
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);

    answers.set('/bad', status(200, 'thanks'));
    const replay = (input: object) =>
      call<{ replayed: number }>(
        'replayWebhook',
        'ReplayWebhookInput',
        { webhookId: webhook.id, ...input },
        'replayed',
      );
    expect(await replay({ filter: { states: ['DEAD'], types: ['agent.*'] } })).toEqual({ replayed: 0 });
    expect(await replay({ filter: { states: ['DEAD'] } })).toEqual({ replayed: 1 });
    const [delivered] = await settled(webhook.id, 'DELIVERED');
    expect(delivered).toMatchObject({
      messageId: dead?.messageId,
      tries: 1,
      attempts: [{ response: 'thanks' }, {}, {}, {}],
    });
    expect(await replay({ deliveryIds: [delivered?.id, newId()] })).toEqual({ replayed: 1 });
    await arrivals('/bad', 5);
    await settled(webhook.id, 'DELIVERED');
    expect(await replay({})).toEqual({ replayed: 1 });
    await arrivals('/bad', 6);
    expect(new Set(arrived('/bad').map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await remove(webhook.id);
  });

  it('wait while they are paused, and come when they go on', async () => {
    const { webhook } = await create('/paused');
    const input = { webhookId: webhook.id };
    expect(await call('pauseWebhook', 'WebhookInput', input, 'webhook { state pauseReason }')).toEqual({
      webhook: { state: 'PAUSED', pauseReason: null },
    });
    await rename();
    await eventually(
      () => deliveries(webhook.id),
      ({ length }) => length === 1,
    );
    // Long enough for it to have come, had it been sent.
    await test.seed.owner();
    expect(arrived('/paused')).toEqual([]);
    await call('resumeWebhook', 'WebhookInput', input, 'webhook { state }');
    await arrivals('/paused', 1);
    await remove(webhook.id);
  });

  it('are paused by themselves when they are gone, or fail again and again', async () => {
    answers.set('/gone', status(410));
    answers.set('/failing', status(503));
    const gone = await create('/gone');
    const failing = await create('/failing');
    await rename();
    expect(
      await eventually(
        () => look(gone.webhook.id),
        ({ state }) => state === 'PAUSED',
      ),
    ).toMatchObject({
      pauseReason: 'It says that it is gone (410).',
    });
    for (let n = 0; n < FAILURES_UNTIL_PAUSE / 3; n++) await rename();
    const paused = await eventually(
      () => look(failing.webhook.id),
      ({ state }) => state === 'PAUSED',
    );
    expect(paused.pauseReason).toBe(
      `It failed ${FAILURES_UNTIL_PAUSE} times in a row. The last time: It answered 503.`,
    );
    const told = await olga.client.request<{ events: { nodes: { data: object; actor: object | null }[] } }>(
      'query ($id: ID!) { events(filter: {types: ["webhook.paused"], subjectId: $id}) { nodes { data actor { user { id } } } } }',
      { id: gone.webhook.id },
    );
    expect(told.events.nodes).toMatchObject([{ actor: null, data: { reason: 'It says that it is gone (410).' } }]);
    await Promise.all([remove(gone.webhook.id), remove(failing.webhook.id)]);
  });

  it('are signed with both secrets for a while after it was changed', async () => {
    const { webhook, secret } = await create('/rotated');
    const input = { webhookId: webhook.id, overlapHours: 1 };
    const rotated = await call<{ secret: string; webhook: Hook }>(
      'rotateWebhookSecret',
      'RotateWebhookSecretInput',
      input,
      'secret webhook { previousUntil }',
    );
    expect(Date.parse(rotated.webhook.previousUntil ?? '')).toBeGreaterThan(Date.now());
    await rename();
    const [both] = await arrivals('/rotated', 1);
    const check = (by: string, request = both) =>
      new Webhook(by).verify(request?.body ?? '', request?.headers as Record<string, string>);
    expect(check(secret)).toEqual(check(rotated.secret));
    await test.pool().query("update webhooks set previous_until = now() - interval '1 s' where id = $1", [webhook.id]);
    await rename();
    const [, one] = await arrivals('/rotated', 2);
    expect(check(rotated.secret, one)).toBeDefined();
    expect(() => check(secret, one)).toThrow('signature');
    await remove(webhook.id);
  });

  it('can be tried', async () => {
    const { webhook, secret } = await create('/tried', { types: ['role.*'] });
    const { delivery } = await call<{ delivery: Delivery }>(
      'testWebhook',
      'WebhookInput',
      { webhookId: webhook.id },
      `delivery { ${DELIVERY} }`,
    );
    expect(delivery).toMatchObject({ type: 'webhook.test', state: 'PENDING', attempts: [] });
    const [request] = await arrivals('/tried', 1);
    expect(new Webhook(secret).verify(request?.body ?? '', request?.headers as Record<string, string>)).toMatchObject({
      type: 'webhook.test',
      id: delivery.messageId,
    });
    expect(await deliveries(webhook.id, { types: ['webhook.test'] })).toHaveLength(1);
    await remove(webhook.id);
  });

  it('reach nothing that is not of the open internet, and follow nobody there', async () => {
    const private_ = await create('', { url: `http://127.0.0.2:${inside.port}/in` });
    answers.set(
      '/redirecting',
      (response) => void response.writeHead(307, { location: `http://127.0.0.2:${inside.port}/` }).end(),
    );
    const redirecting = await create('/redirecting');
    await rename();
    const [refused] = await settled(private_.webhook.id, 'DEAD');
    expect(refused?.attempts[0]).toMatchObject({ status: null, response: null });
    expect(refused?.attempts[0]?.error).toMatch(/not/);
    const [redirected] = await settled(redirecting.webhook.id, 'DEAD');
    expect(redirected?.attempts[0]).toMatchObject({ status: 307 });
    expect(inside.connections).toBe(0);
    for (const url of ['ftp://example.com', 'https://me:secret@example.com', 'nothing']) {
      const { extensions } = await olga.client.refusal(
        'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { secret } }',
        { input: { url, types: ['*'] } },
      );
      expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.url' }] });
    }
    await Promise.all([remove(private_.webhook.id), remove(redirecting.webhook.id)]);
  });

  it('tell of rooms only where somebody wanted it so who may read them all', async () => {
    const role = await call<{ role: { id: string } }>(
      'createRole',
      'CreateRoleInput',
      { name: newId(), permissions: ['organization:read', 'webhooks:manage'] },
      'role { id }',
    );
    const rita = await test.seed.member(olga, role.role.id, 'Rita');
    const plain = await create('/plain', { types: ['*'] });
    const rooms = await create('/rooms', { types: ['conversation.*'], includesRooms: true });
    const refusal = await rita.client.refusal(
      'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { secret } }',
      { input: { url: at('/x'), types: ['*'], includesRooms: true } },
    );
    expect(refusal.extensions.code).toBe('FORBIDDEN');
    const turned = await rita.client.refusal(
      'mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) { webhook { id } } }',
      { input: { webhookId: rooms.webhook.id, url: at('/mine') } },
    );
    expect(turned.extensions.code).toBe('FORBIDDEN');
    const room = await test.seed.room(olga, { title: 'A secret title' });
    await rename();
    const [request] = await arrivals('/rooms', 1);
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ type: 'conversation.created', conversationId: room.id });
    await eventually(
      async () => arrived('/plain').map(({ body }) => JSON.parse(body).type),
      (types) => types.includes('organization.updated'),
    );
    expect(arrived('/plain').every(({ body }) => JSON.parse(body).conversationId === null)).toBe(true);
    expect(JSON.stringify(outside.requests)).not.toContain('A secret title');
    await Promise.all([remove(plain.webhook.id), remove(rooms.webhook.id)]);
  });

  it('come although the process that tried has gone meanwhile', async () => {
    const { webhook } = await create('/left');
    await call('pauseWebhook', 'WebhookInput', { webhookId: webhook.id }, 'webhook { state }');
    await rename();
    await eventually(
      () => deliveries(webhook.id),
      ({ length }) => length === 1,
    );
    // As a worker leaves it that dies within its attempt, with its job: claimed, and due when the lease has run out.
    await test
      .pool()
      .query(
        "with w as (update webhooks set state = 'ACTIVE' where id = $1) update webhook_deliveries set tries = 1, next_try_at = now() - interval '20 s' where webhook_id = $1",
        [webhook.id],
      );
    await arrivals('/left', 1);
    expect((await settled(webhook.id, 'DELIVERED'))[0]).toMatchObject({ tries: 2 });
  });
});
