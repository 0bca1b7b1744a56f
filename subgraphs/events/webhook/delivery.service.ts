import { z } from 'zod';
import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { Transactions } from '#core/database/transaction';
import { badInput, notFound } from '#core/error';
import { typesOf } from '#core/event/catalog';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import type { JobQueue } from '#core/job/job';
import type { Logger } from '#core/log';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Prisma } from '#prisma/generated/client';
import { typePatterns } from '../log/event-filter.ts';
import { deliverJob } from './deliver.ts';
import { tell, type WebhookService } from './webhook.service.ts';
import {
  DeliveryState,
  type ReplayWebhookInput,
  type WebhookDeliveryFilter,
  type WebhookDeliveryType,
} from './webhook.type.ts';

export interface DeliveryOptions {
  database: Database;
  transactions: Transactions;
  jobs: JobQueue;
  log: Logger;
}

/** The type of what `testWebhook` sends. It is no event: nothing has happened. */
const TEST_TYPE = 'webhook.test';
const MAX_ATTEMPTS_SHOWN = 20;
/** How often to look for what is due and is in no queue, in milliseconds, and how much of it is taken at once. */
const EVERY_MS = 15_000;
const TAKEN_AT_ONCE = 1_000;
/** What is over is kept so many days. */
const KEPT_DAYS = 30;

const WITH_ATTEMPTS = {
  attempts: { orderBy: { id: 'desc' }, take: MAX_ATTEMPTS_SHOWN },
} as const satisfies Prisma.WebhookDeliveryInclude;

type Row = Prisma.WebhookDeliveryGetPayload<{ include: typeof WITH_ATTEMPTS }>;

const filterSchema = z.object({
  states: z.array(z.enum(DeliveryState)).max(3).nullish(),
  // What a test sent can be chosen as well.
  types: z.union([typePatterns, z.tuple([z.literal(TEST_TYPE)])]).nullish(),
  since: z.date().nullish(),
  until: z.date().nullish(),
});

const idsSchema = z.array(z.string()).min(1).max(100).nullish();

/** What is on its way to webhooks, and what has become of it. */
export class DeliveryService {
  constructor(
    private readonly options: DeliveryOptions,
    private readonly webhooks: WebhookService,
  ) {}

  /** @throws ParleyError `NOT_FOUND`, `BAD_USER_INPUT` */
  async list(
    webhookId: string,
    filter: WebhookDeliveryFilter | null | undefined,
    args: PageArgs,
  ): Promise<Page<WebhookDeliveryType>> {
    if (!(await this.webhooks.find(webhookId))) throw notFound('webhook');
    const where = { webhookId, ...whereOf(filter, 'filter') };
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'wd' && id && isId(id) ? id : null) });
    const { webhookDelivery } = this.options.database.scoped;
    const rows = await webhookDelivery.findMany({
      where: { AND: [where, request.cursor ? { id: { lt: request.cursor } } : {}] },
      orderBy: { id: 'desc' },
      take: request.limit + 1,
      include: WITH_ATTEMPTS,
    });
    return toPage(request, rows, {
      cursorOf: ({ id }) => encodeCursor('wd', id),
      present: presentDelivery,
      totalCount: () => webhookDelivery.count({ where }),
    });
  }

  async find(id: string): Promise<WebhookDeliveryType | null> {
    const where = { id };
    const row = isId(id)
      ? await this.options.database.scoped.webhookDelivery.findFirst({ where, include: WITH_ATTEMPTS })
      : null;
    return row && presentDelivery(row);
  }

  /** @throws ParleyError `NOT_FOUND` */
  async get(id: string): Promise<WebhookDeliveryType> {
    const delivery = await this.find(id);
    if (!delivery) throw notFound('delivery');
    return delivery;
  }

  /** Sends something to see whether it arrives. A webhook that is paused gets it when it goes on. */
  async test(viewer: Viewer, webhookId: string): Promise<WebhookDeliveryType> {
    const { orgId } = viewer;
    const id = newId();
    const messageId = newId();
    const timestamp = new Date().toISOString();
    const body = JSON.stringify({ id: messageId, type: TEST_TYPE, timestamp, organizationId: orgId, data: {} });
    await this.webhooks.change(viewer, webhookId, async (unit, row) => {
      await unit.tx.webhookDelivery.create({
        data: { id, orgId, webhookId: row.id, messageId, type: TEST_TYPE, body },
      });
      await tell(unit, viewer, 'webhook.tested', row.id);
      unit.afterCommit(() => this.dispatch(orgId, id));
      return row;
    });
    const delivery = await this.find(id);
    if (!delivery) throw notFound('webhook');
    return delivery;
  }

  /** Delivers once more, under the same ids. @returns how many @throws ParleyError `NOT_FOUND`, `BAD_USER_INPUT` */
  async replay(viewer: Viewer, { webhookId, deliveryIds, filter }: ReplayWebhookInput): Promise<number> {
    const ids = validate(idsSchema, deliveryIds, 'input.deliveryIds');
    if (ids && filter) throw badInput('input.filter', 'Give either deliveries or a filter.');
    const chosen = whereOf(filter, 'input.filter');
    const finished = { state: { in: [DeliveryState.DEAD, DeliveryState.DELIVERED] } };
    let replayed = 0;
    await this.webhooks.change(viewer, webhookId, async (unit, row) => {
      const { count } = await unit.tx.webhookDelivery.updateMany({
        where: { AND: [{ webhookId: row.id }, ids ? { id: { in: ids.filter(isId) } } : chosen, finished] },
        data: { state: 'PENDING', tries: 0, nextTryAt: new Date(), finishedAt: null },
      });
      replayed = count;
      await tell(unit, viewer, 'webhook.replayed', row.id, { deliveries: count });
      unit.afterCommit(() => this.wake(row.id));
      return row;
    });
    return replayed;
  }

  /** Has a delivery tried now, or after a while. What does not come into the queue is found by the sweep. */
  dispatch(orgId: string, deliveryId: string, delayMs = 0): void {
    const { jobs, log } = this.options;
    jobs.enqueue(deliverJob, { orgId, deliveryId }, { id: deliveryId, delayMs }).catch((error: unknown) => {
      log.warn({ err: error, deliveryId }, 'a webhook was not put into the queue; the next round will do it');
    });
  }

  /** Has everything tried that is due for a webhook, or for all. */
  wake(webhookId: string | null = null): void {
    this.takeDue(webhookId, 0).catch((error: unknown) => {
      this.options.log.warn({ err: error }, 'webhooks that are due could not be looked for; the next round will');
    });
  }

  /** Starts looking for what is due; the function returned ends it. */
  startSweep(): () => Promise<void> {
    let running = Promise.resolve();
    const sweep = async () => {
      try {
        await this.takeDue(null, EVERY_MS);
        await this.removeOld();
      } catch (error) {
        this.options.log.warn({ err: error }, 'webhooks could not be looked after; the next round will');
      }
    };
    const timer = setInterval(() => {
      running = sweep();
    }, EVERY_MS);
    timer.unref();
    running = sweep();
    return async () => {
      clearInterval(timer);
      await running;
    };
  }

  private async takeDue(webhookId: string | null, forMs: number): Promise<void> {
    const { rows } = await this.options.database.systemPool.query<{ id: string; orgId: string }>(DUE, [
      webhookId,
      forMs,
      TAKEN_AT_ONCE,
    ]);
    for (const { id, orgId } of rows) runInOrg(orgId, async () => this.dispatch(orgId, id));
  }

  private async removeOld(): Promise<void> {
    await this.options.database.systemPool.query(
      `DELETE FROM webhook_deliveries WHERE id IN (
         SELECT id FROM webhook_deliveries WHERE finished_at < now() - make_interval(days => $1) LIMIT 5000)`,
      [KEPT_DAYS],
    );
  }
}

function whereOf(input: WebhookDeliveryFilter | null | undefined, root: string): Prisma.WebhookDeliveryWhereInput {
  const { states, types, since, until } = validate(filterSchema, input ?? {}, root);
  return {
    ...(states && { state: { in: states } }),
    ...(types && { type: { in: types.flatMap((each) => (each === TEST_TYPE ? [each] : typesOf(each))) } }),
    ...((since || until) && { createdAt: { ...(since && { gte: since }), ...(until && { lt: until }) } }),
  };
}

const presentDelivery = ({ attempts, nextTryAt, ...row }: Row): WebhookDeliveryType => ({
  id: row.id,
  messageId: row.messageId,
  type: row.type,
  body: row.body,
  state: row.state,
  tries: row.tries,
  nextTryAt: row.state === 'PENDING' ? nextTryAt : null,
  createdAt: row.createdAt,
  finishedAt: row.finishedAt,
  attempts,
});

const DUE = `
  SELECT d.id::text, d.org_id::text AS "orgId" FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
  WHERE d.state = 'PENDING' AND w.state = 'ACTIVE' AND d.next_try_at <= now() - $2::float8 * interval '1 ms'
    AND ($1::uuid IS NULL OR w.id = $1)
  ORDER BY d.next_try_at LIMIT $3`;
