import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { DeliveryService } from './delivery.service.ts';
import type { WebhookService } from './webhook.service.ts';
import {
  CreateWebhookInput,
  DeleteWebhookPayload,
  ReplayWebhookInput,
  ReplayWebhookPayload,
  RotateWebhookSecretInput,
  TestWebhookPayload,
  UpdateWebhookInput,
  WebhookConnection,
  WebhookDeliveryConnection,
  WebhookDeliveryFilter,
  WebhookDeliveryType,
  WebhookInput,
  WebhookPayload,
  WebhookSecretPayload,
  WebhookType,
} from './webhook.type.ts';

@Resolver()
export class WebhookResolver {
  constructor(
    private readonly service: WebhookService,
    private readonly deliveries: DeliveryService,
  ) {}

  @Query(() => WebhookConnection, { description: 'The addresses that your organization has told of events.' })
  webhooks(
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    return this.service.list({ first, after });
  }

  @Query(() => WebhookType, { nullable: true, description: 'One webhook. Null and NOT_FOUND where there is none.' })
  webhook(@Arg('id', () => ID) id: string): Promise<WebhookType> {
    return this.service.get(id);
  }

  @Query(() => WebhookDeliveryConnection, {
    description: 'What a webhook was told, or is to be told. What is over is kept for 30 days.',
  })
  webhookDeliveries(
    @Arg('webhookId', () => ID) webhookId: string,
    @Arg('filter', () => WebhookDeliveryFilter, { nullable: true }) filter?: WebhookDeliveryFilter | null,
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    return this.deliveries.list(webhookId, filter, { first, after });
  }

  @Query(() => WebhookDeliveryType, {
    nullable: true,
    description: 'One delivery. Null and NOT_FOUND where there is none.',
  })
  webhookDelivery(@Arg('id', () => ID) id: string): Promise<WebhookDeliveryType> {
    return this.deliveries.get(id);
  }

  @Mutation(() => WebhookSecretPayload, {
    description:
      'Has an address told of events, at least once each, in no certain order, signed after Standard Webhooks. The secret is shown this once.',
  })
  createWebhook(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateWebhookInput) input: CreateWebhookInput,
  ): Promise<WebhookSecretPayload> {
    return this.service.create(requireViewer(context.viewer), input);
  }

  @Mutation(() => WebhookPayload, { description: 'Changes what is given.' })
  async updateWebhook(
    @Ctx() context: RequestContext,
    @Arg('input', () => UpdateWebhookInput) input: UpdateWebhookInput,
  ): Promise<WebhookPayload> {
    return { webhook: await this.service.update(requireViewer(context.viewer), input) };
  }

  @Mutation(() => DeleteWebhookPayload, { description: 'Deletes a webhook with what it was told and is to be told.' })
  async deleteWebhook(
    @Ctx() context: RequestContext,
    @Arg('input', () => WebhookInput) { webhookId }: WebhookInput,
  ): Promise<DeleteWebhookPayload> {
    return { deletedWebhookId: await this.service.delete(requireViewer(context.viewer), webhookId) };
  }

  @Mutation(() => WebhookSecretPayload, {
    description: 'Gives a webhook another secret. For a while it is signed with both. The new one is shown this once.',
  })
  rotateWebhookSecret(
    @Ctx() context: RequestContext,
    @Arg('input', () => RotateWebhookSecretInput) input: RotateWebhookSecretInput,
  ): Promise<WebhookSecretPayload> {
    return this.service.rotate(requireViewer(context.viewer), input);
  }

  @Mutation(() => WebhookPayload, { description: 'What the webhook would be told waits until it is resumed.' })
  async pauseWebhook(
    @Ctx() context: RequestContext,
    @Arg('input', () => WebhookInput) { webhookId }: WebhookInput,
  ): Promise<WebhookPayload> {
    return { webhook: await this.service.pause(requireViewer(context.viewer), webhookId) };
  }

  @Mutation(() => WebhookPayload, { description: 'Goes on with a webhook that was paused, with what has waited.' })
  async resumeWebhook(
    @Ctx() context: RequestContext,
    @Arg('input', () => WebhookInput) { webhookId }: WebhookInput,
  ): Promise<WebhookPayload> {
    return { webhook: await this.service.resume(requireViewer(context.viewer), webhookId) };
  }

  @Mutation(() => TestWebhookPayload, { description: 'Sends the webhook something of the type `webhook.test`.' })
  async testWebhook(
    @Ctx() context: RequestContext,
    @Arg('input', () => WebhookInput) { webhookId }: WebhookInput,
  ): Promise<TestWebhookPayload> {
    return { delivery: await this.deliveries.test(requireViewer(context.viewer), webhookId) };
  }

  @Mutation(() => ReplayWebhookPayload, {
    description: 'Delivers once more what is dead or was delivered: some, those that fit, or all. Under the same ids.',
  })
  async replayWebhook(
    @Ctx() context: RequestContext,
    @Arg('input', () => ReplayWebhookInput) input: ReplayWebhookInput,
  ): Promise<ReplayWebhookPayload> {
    return { replayed: await this.deliveries.replay(requireViewer(context.viewer), input) };
  }
}
