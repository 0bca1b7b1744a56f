import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { conflict, forbidden, notFound } from '#core/error';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { isId, newId } from '#core/id';
import { OutboundError } from '#core/outbound/outbound-error';
import { readOutboundUrl } from '#core/outbound/outbound-url';
import type { Sealer } from '#core/seal';
import { isStorable, toWholeCharacters } from '#core/storable-text';
import { validate } from '#core/validate';
import { can, type Viewer } from '#core/viewer';
import type { Webhook } from '#prisma/generated/client';
import { typePatterns } from '../log/event-filter.ts';
import { SECRET_PURPOSE } from './deliver.ts';
import { newSecret } from './signature.ts';
import type { CreateWebhookInput, RotateWebhookSecretInput, UpdateWebhookInput, WebhookType } from './webhook.type.ts';

/** As many as an organization may have. */
const MAX_WEBHOOKS = 100;

const description = z.string().trim().max(500).refine(isStorable).transform(toWholeCharacters);

const createSchema = z.object({
  url: z.string().transform(readUrl),
  types: typePatterns,
  description: description.nullish().transform((text) => text ?? ''),
  includesRooms: z
    .boolean()
    .nullish()
    .transform((flag) => flag ?? false),
});

const updateSchema = z.object({
  url: z.string().transform(readUrl).nullish(),
  types: typePatterns.nullish(),
  description: description.nullish(),
  includesRooms: z.boolean().nullish(),
});

const rotateSchema = z.object({ overlapHours: z.int().min(0).max(168).nullish() });

function readUrl(text: string, context: z.RefinementCtx): string {
  try {
    return readOutboundUrl(text).href;
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
}

export interface WebhookOptions {
  database: Database;
  transactions: Transactions;
  sealer: Sealer;
  /** Has everything delivered that waits for a webhook. */
  wake(webhookId: string): void;
}

/** Which addresses an organization has told of events. */
export class WebhookService {
  constructor(private readonly options: WebhookOptions) {}

  async list(args: PageArgs): Promise<Page<WebhookType>> {
    const request = readPage(args, { parse: ([kind, id]) => (kind === 'wh' && id && isId(id) ? id : null) });
    const { webhook } = this.options.database.scoped;
    const rows = await webhook.findMany({
      where: request.cursor ? { id: { lt: request.cursor } } : {},
      orderBy: { id: 'desc' },
      take: request.limit + 1,
    });
    return toPage(request, rows, {
      cursorOf: ({ id }) => encodeCursor('wh', id),
      present: presentWebhook,
      totalCount: () => webhook.count(),
    });
  }

  async find(id: string): Promise<WebhookType | null> {
    const row = isId(id) ? await this.options.database.scoped.webhook.findFirst({ where: { id } }) : null;
    return row && presentWebhook(row);
  }

  /** @throws ParleyError `NOT_FOUND` */
  async get(id: string): Promise<WebhookType> {
    const webhook = await this.find(id);
    if (!webhook) throw notFound('webhook');
    return webhook;
  }

  /** @returns the webhook, and the secret that is never shown again. */
  async create(viewer: Viewer, input: CreateWebhookInput): Promise<{ webhook: WebhookType; secret: string }> {
    const settings = validate(createSchema, input);
    mayTellOfRooms(viewer, settings.includesRooms);
    const secret = newSecret();
    const row = await this.options.transactions.scoped(async (unit) => {
      await unit.tx.$queryRaw`SELECT 1 FROM pg_advisory_xact_lock(hashtextextended(${`webhooks ${viewer.orgId}`}, 0))`;
      if ((await unit.tx.webhook.count()) >= MAX_WEBHOOKS)
        throw conflict(`There are ${MAX_WEBHOOKS} webhooks already.`);
      const made = await unit.tx.webhook.create({
        data: { id: newId(), ...settings, secret: this.seal(secret), createdById: viewer.userId },
      });
      await tell(unit, viewer, 'webhook.created', made.id, { host: new URL(made.url).host, types: made.types });
      return made;
    });
    return { webhook: presentWebhook(row), secret };
  }

  async update(viewer: Viewer, { webhookId, ...input }: UpdateWebhookInput): Promise<WebhookType> {
    const given = Object.entries(validate(updateSchema, input)).filter(([, value]) => value != null);
    const settings = Object.fromEntries(given) as Partial<z.output<typeof createSchema>>;
    return this.change(viewer, webhookId, async (unit, row) => {
      mayTellOfRooms(viewer, settings.includesRooms ?? false);
      // Who may not see rooms must not turn the address of somebody who may to himself.
      if (settings.url && settings.url !== row.url) mayTellOfRooms(viewer, row.includesRooms);
      const changed = await unit.tx.webhook.update({
        where: { id: row.id },
        data: { ...settings, updatedAt: new Date() },
      });
      const [before, after] = [row, changed].map(settingsOf);
      await tell(unit, viewer, 'webhook.updated', row.id, { before, after });
      return changed;
    });
  }

  async delete(viewer: Viewer, webhookId: string): Promise<string> {
    await this.change(viewer, webhookId, async (unit, row) => {
      await unit.tx.webhook.delete({ where: { id: row.id } });
      await tell(unit, viewer, 'webhook.deleted', row.id);
      return row;
    });
    return webhookId;
  }

  /** Signs with both secrets for a while, so that receivers can change theirs in their own time. */
  async rotate(viewer: Viewer, { webhookId, overlapHours }: RotateWebhookSecretInput) {
    const hours = validate(rotateSchema, { overlapHours }).overlapHours ?? 24;
    const secret = newSecret();
    const webhook = await this.change(viewer, webhookId, async (unit, row) => {
      await tell(unit, viewer, 'webhook.secret_rotated', row.id);
      return unit.tx.webhook.update({
        where: { id: row.id },
        data: {
          secret: this.seal(secret),
          previousSecret: hours > 0 ? row.secret : null,
          previousUntil: hours > 0 ? new Date(Date.now() + hours * 3_600_000) : null,
          updatedAt: new Date(),
        },
      });
    });
    return { webhook, secret };
  }

  /** What it would be told waits. Pausing twice changes nothing. */
  pause(viewer: Viewer, webhookId: string): Promise<WebhookType> {
    return this.change(viewer, webhookId, async (unit, row) => {
      if (row.state === 'PAUSED') return row;
      await tell(unit, viewer, 'webhook.paused', row.id);
      return unit.tx.webhook.update({
        where: { id: row.id },
        data: { state: 'PAUSED', pauseReason: null, updatedAt: new Date() },
      });
    });
  }

  /** Delivers what has waited. */
  resume(viewer: Viewer, webhookId: string): Promise<WebhookType> {
    return this.change(viewer, webhookId, async (unit, row) => {
      if (row.state === 'ACTIVE') return row;
      await tell(unit, viewer, 'webhook.resumed', row.id);
      unit.afterCommit(() => this.options.wake(row.id));
      return unit.tx.webhook.update({
        where: { id: row.id },
        data: { state: 'ACTIVE', pauseReason: null, failures: 0, updatedAt: new Date() },
      });
    });
  }

  /** @throws ParleyError `NOT_FOUND` */
  async change(
    _viewer: Viewer,
    webhookId: string,
    work: (unit: ScopedUnit, row: Webhook) => Promise<Webhook>,
  ): Promise<WebhookType> {
    if (!isId(webhookId)) throw notFound('webhook');
    const row = await this.options.transactions.scoped(async (unit) => {
      await unit.tx.$queryRaw`SELECT 1 FROM webhooks WHERE id = ${webhookId}::uuid FOR UPDATE`;
      const found = await unit.tx.webhook.findFirst({ where: { id: webhookId } });
      if (!found) throw notFound('webhook');
      return work(unit, found);
    });
    return presentWebhook(row);
  }

  private seal(secret: string): Uint8Array<ArrayBuffer> {
    return this.options.sealer.seal(Buffer.from(secret), SECRET_PURPOSE);
  }
}

/** Somebody who may not read every room must not have an address told of them. @throws ParleyError `FORBIDDEN` */
function mayTellOfRooms(viewer: Viewer, includesRooms: boolean): void {
  if (includesRooms && !can(viewer, 'conversations:read_all')) {
    throw forbidden('Telling of what happens in rooms needs the permission conversations:read_all.');
  }
}

type WebhookEvent =
  | 'webhook.created'
  | 'webhook.updated'
  | 'webhook.deleted'
  | 'webhook.secret_rotated'
  | 'webhook.paused'
  | 'webhook.resumed'
  | 'webhook.tested'
  | 'webhook.replayed';

/** Tells of a change in its transaction. An address may hold a secret in its path or query: its host alone is told. */
export const tell = (
  unit: Pick<ScopedUnit, 'emit'>,
  viewer: Viewer,
  type: WebhookEvent,
  webhookId: string,
  payload: Record<string, unknown> = {},
): Promise<void> => unit.emit({ id: newId(), orgId: viewer.orgId, type, payload: { webhookId, ...payload } });

const settingsOf = ({ url, types, description, includesRooms }: Webhook) => ({
  host: new URL(url).host,
  types,
  description,
  includesRooms,
});

const presentWebhook = ({ createdById, previousUntil, ...row }: Webhook): WebhookType => ({
  id: row.id,
  url: row.url,
  description: row.description,
  types: row.types,
  includesRooms: row.includesRooms,
  state: row.state,
  pauseReason: row.pauseReason,
  failures: row.failures,
  previousUntil: previousUntil && previousUntil > new Date() ? previousUntil : null,
  createdBy: { id: createdById },
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
});
