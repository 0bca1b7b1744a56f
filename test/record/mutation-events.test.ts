import { beforeAll, describe, expect, it } from 'vitest';
import { EVENT_CATALOG, findEventType } from '#core/event/catalog';
import { LiveServer } from '#core/model/live-server.fixture';
import { documentOf, OPERATIONS } from '../authorization/operation.fixture.ts';
import { ROLE_TABLE } from '../authorization/roles.table.ts';
import { Maker } from '../authorization/scene.fixture.ts';
import { atFileEnd } from '../support/file-end.ts';
import { PASSWORD } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { EVENT_OF_MUTATION, SHOWN_ELSEWHERE, WITHOUT_EVENT } from './mutation-events.table.ts';

interface Written {
  type: string;
  payload: Record<string, unknown>;
  actor: { userId: string; ip?: string | null; userAgent?: string | null } | null;
}

/** What looks like something that lets somebody in, or like words that were said. */
const SECRETS: [string, RegExp][] = [
  ['a password', new RegExp(PASSWORD)],
  ['an API key', /\bpk_[A-Za-z0-9_-]{8,}_/],
  ['a signed token', /\beyJ[\w-]+\.[\w-]+\.[\w-]+/],
  ['a hash of a password', /\$argon2/],
  ['a key in PEM', /-----BEGIN/],
  ['a secret of a webhook', /whsec_/],
  ['a long random text', /"[A-Za-z0-9+/_-]{40,}={0,2}"/],
  ['a text of a message', /Nobody else may read this/],
];

const named = (name: string): string => name.replace('Mutation.', '');
const MUTATIONS = [...ROLE_TABLE.keys()].filter((name) => name.startsWith('Mutation.')).map(named);

describe('what mutations write', { timeout: 60_000 }, () => {
  let test: TestServer;
  let maker: Maker;

  beforeAll(async () => {
    const live = await LiveServer.start();
    atFileEnd(() => live.stop());
    test = await startTestServer(live.variables);
    maker = new Maker(test, await test.seed.owner());
  }, 120_000);

  const writtenBy = async (requestId: string | null) => {
    const { rows } = await test
      .pool()
      .query<Written>("select type, payload, actor from outbox_events where actor->>'requestId' = $1", [requestId]);
    return rows;
  };

  it('is in the table, or there is a reason that it is not', () => {
    const known = [...Object.keys(EVENT_OF_MUTATION), ...Object.keys(WITHOUT_EVENT)];
    expect(known.sort()).toEqual(MUTATIONS.sort());
  });

  it('is in the catalog', () => {
    const types = Object.values(EVENT_OF_MUTATION);
    expect(types.filter((type) => !findEventType(type))).toEqual([]);
  });

  it('has a reason where it is shown elsewhere', () => {
    expect(Object.keys(SHOWN_ELSEWHERE).filter((name) => !EVENT_OF_MUTATION[name])).toEqual([]);
  });

  it.each(Object.entries(EVENT_OF_MUTATION).filter(([name]) => !SHOWN_ELSEWHERE[name]))(
    '%s writes %s, with nothing but what the catalog says, and no secret',
    async (name, type) => {
      const operation = OPERATIONS[`Mutation.${name}`];
      const person = operation?.ownPerson ? await test.seed.member(maker.owner, 'OWNER') : maker.owner;
      const isAnonymous = ['signUp', 'logIn', 'refreshSession', 'acceptInvitation'].includes(name);
      const client = isAnonymous ? test.client : person.client;
      const variables = (await operation?.variables?.({ maker, userIds: [], person })) ?? {};
      if (name === 'eraseOwnMemory') {
        await client.request(
          'mutation { createMemoryBlock(input: {scope: USER, label: "me", value: "x"}) { memoryBlock { id } } }',
        );
      }
      const answer = await client.send(documentOf(`Mutation.${name}`), variables, { 'user-agent': 'Browser/1.0' });
      expect(answer.errors).toBeUndefined();
      const written = await writtenBy(answer.headers.get('x-request-id'));
      expect(written.map((event) => event.type)).toContain(type);
      for (const event of written) {
        const { payload } = EVENT_CATALOG[event.type] ?? {};
        const parsed = payload?.strict().safeParse(event.payload);
        expect({ type: event.type, error: parsed?.error?.issues }).toEqual({ type: event.type, error: undefined });
        const text = JSON.stringify(event);
        for (const [what, pattern] of SECRETS)
          expect({ what, found: pattern.test(text) }).toEqual({ what, found: false });
        if (type !== 'user.erased') expect(event.actor).toMatchObject({ ip: '127.0.0.1', userAgent: 'Browser/1.0' });
      }
    },
  );

  it('leaves only what the catalog says of its fields in the whole outbox', async () => {
    const { rows } = await test.pool().query<Written>('select type, payload, actor from outbox_events');
    const wrong = rows.flatMap(({ type, payload }) => {
      const issues = EVENT_CATALOG[type]?.payload.partial().strict().safeParse(payload).error?.issues;
      return EVENT_CATALOG[type] && !issues ? [] : [{ type, issues }];
    });
    expect(wrong).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
  });
});
