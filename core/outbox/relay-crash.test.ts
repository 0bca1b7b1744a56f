import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { newId } from '#core/id';
import { Child } from '#core/job/child.fixture';
import { eventually } from '#core/job/eventually.fixture';
import { createLog } from '#core/log';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { createEffects, effectful, Outbox } from './outbox.fixture.ts';

let database: TestDatabase;
let outbox: Outbox;

beforeEach(async () => {
  database = await createTestDatabase(inject('adminUrl'));
  await createEffects(database.url);
  outbox = await Outbox.open(database.url, createLog({ level: 'silent', pretty: false }));
});
afterEach(async () => {
  await outbox.close();
  await database.drop();
});

test.each([
  { moment: 'before the commit', left: 0 },
  { moment: 'after the commit', left: 1 },
])('a relay killed $moment of an effect leaves one effect in the end', async ({ moment, left }) => {
  const id = await outbox.emit(newId());
  const child = new Child('core/outbox/relay.fixture.ts', [database.url, moment]);
  expect(await child.ended()).toBe('SIGKILL');
  expect((await outbox.effects()).get(`one ${id}`) ?? 0).toBe(left);
  expect(await outbox.rows()).toMatchObject([{ delivered: false, attempts: 1 }]);

  const relay = outbox.relay([effectful('one')]);
  expect(await relay.resetLeases()).toBe(1);
  relay.start();
  await eventually(() => outbox.areDelivered());
  expect(await outbox.effects()).toEqual(new Map([[`one ${id}`, 1]]));
});
