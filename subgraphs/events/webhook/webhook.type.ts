import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { UserStub } from '../reference.type.ts';

export const WebhookState = { ACTIVE: 'ACTIVE', PAUSED: 'PAUSED' } as const;
export type WebhookState = keyof typeof WebhookState;
registerEnumType(WebhookState, {
  name: 'WebhookState',
  description: 'Whether a webhook is told of events.',
  valuesConfig: {
    ACTIVE: { description: 'It is.' },
    PAUSED: { description: 'What it would be told waits until it is resumed: see `pauseReason`.' },
  },
});

export const DeliveryState = { PENDING: 'PENDING', DELIVERED: 'DELIVERED', DEAD: 'DEAD' } as const;
export type DeliveryState = keyof typeof DeliveryState;
registerEnumType(DeliveryState, {
  name: 'WebhookDeliveryState',
  description: 'What has become of a delivery.',
  valuesConfig: {
    PENDING: { description: 'It is tried, again if need be.' },
    DELIVERED: { description: 'The address has answered that it has it.' },
    DEAD: { description: 'It is tried no more, unless it is replayed.' },
  },
});

@ObjectType('Webhook', { simpleResolvers: true, description: 'An address that is told of events, signed.' })
export class WebhookType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  url!: string;

  @Field(() => String)
  description!: string;

  @Field(() => [String], { description: 'Types of events, or beginnings of them: `agent.published`, `run.*`, `*`.' })
  types!: string[];

  @Field(() => Boolean, { description: 'Whether it is told of what happens in rooms, in all of them.' })
  includesRooms!: boolean;

  @Field(() => WebhookState)
  state!: WebhookState;

  @Field(() => String, { nullable: true, description: 'Why it is paused; null where somebody wanted it so.' })
  pauseReason!: string | null;

  @Field(() => Int, { description: 'Attempts in a row that failed, over all deliveries. 30 pause it.' })
  failures!: number;

  @Field(() => Date, { nullable: true, description: 'Until when it is signed with the secret before as well.' })
  previousUntil!: Date | null;

  @Field(() => UserStub)
  createdBy!: UserStub;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date)
  updatedAt!: Date;
}

@ObjectType('WebhookEdge', { simpleResolvers: true, description: 'A webhook with its place in the list.' })
export class WebhookEdge extends edgeOf(() => WebhookType) {}

@ObjectType('WebhookConnection', { simpleResolvers: true, description: 'A page of webhooks, the newest first.' })
export class WebhookConnection extends connectionOf(
  () => WebhookEdge,
  () => WebhookType,
) {}

@ObjectType('WebhookAttempt', { simpleResolvers: true, description: 'One try to deliver an event.' })
export class WebhookAttemptType {
  @Field(() => Date)
  at!: Date;

  @Field(() => Int)
  durationMs!: number;

  @Field(() => Int, { nullable: true, description: 'The HTTP status of the answer; null where none came.' })
  status!: number | null;

  @Field(() => String, { nullable: true, description: 'The beginning of the answer: 1,024 bytes at most.' })
  response!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it counts as failed; null where it went well.' })
  error!: string | null;
}

@ObjectType('WebhookDelivery', { simpleResolvers: true, description: 'One event on its way to one webhook.' })
export class WebhookDeliveryType {
  @Field(() => ID)
  id!: string;

  @Field(() => ID, { description: 'The header `webhook-id`, the same on every try: the id of the event.' })
  messageId!: string;

  @Field(() => String)
  type!: string;

  @Field(() => String, { description: 'What is sent.' })
  body!: string;

  @Field(() => DeliveryState)
  state!: DeliveryState;

  @Field(() => Int, { description: 'How often it was tried since it was made or replayed.' })
  tries!: number;

  @Field(() => Date, { nullable: true, description: 'When it is tried next; null where it is not.' })
  nextTryAt!: Date | null;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => [WebhookAttemptType], { description: 'The last 20, the newest first.' })
  attempts!: WebhookAttemptType[];
}

@ObjectType('WebhookDeliveryEdge', { simpleResolvers: true, description: 'A delivery with its place in the list.' })
export class WebhookDeliveryEdge extends edgeOf(() => WebhookDeliveryType) {}

@ObjectType('WebhookDeliveryConnection', {
  simpleResolvers: true,
  description: 'A page of deliveries, the newest first.',
})
export class WebhookDeliveryConnection extends connectionOf(
  () => WebhookDeliveryEdge,
  () => WebhookDeliveryType,
) {}

@InputType({ description: 'Which deliveries: those that fit everything that is given.' })
export class WebhookDeliveryFilter {
  @Field(() => [DeliveryState], { nullable: true })
  states?: DeliveryState[] | null;

  @Field(() => [String], { nullable: true, description: 'Types, or beginnings of them.' })
  types?: string[] | null;

  @Field(() => Date, { nullable: true, description: 'Made then or later.' })
  since?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Made before.' })
  until?: Date | null;
}

@InputType({ description: 'A new webhook.' })
export class CreateWebhookInput {
  @Field(() => String, { description: 'An address of the open internet, unless the operator allows more.' })
  url!: string;

  @Field(() => [String], {
    description: 'Types of events, or beginnings of them: `agent.published`, `run.*`, `*`. 50 at most.',
  })
  types!: string[];

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Also of what happens in rooms, in all of them: for who may read every conversation. Default false.',
  })
  includesRooms?: boolean | null;
}

@InputType({ description: 'What to change of a webhook. What is left out stays.' })
export class UpdateWebhookInput {
  @Field(() => ID)
  webhookId!: string;

  @Field(() => String, { nullable: true })
  url?: string | null;

  @Field(() => [String], { nullable: true })
  types?: string[] | null;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => Boolean, { nullable: true })
  includesRooms?: boolean | null;
}

@InputType({ description: 'Names a webhook.' })
export class WebhookInput {
  @Field(() => ID)
  webhookId!: string;
}

@InputType({ description: 'Gives a webhook another secret.' })
export class RotateWebhookSecretInput {
  @Field(() => ID)
  webhookId!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'For how long it is signed with both, in hours: 24 unless given, 168 at most.',
  })
  overlapHours?: number | null;
}

@InputType({ description: 'What to deliver once more: the given ones, or all that fit.' })
export class ReplayWebhookInput {
  @Field(() => ID)
  webhookId!: string;

  @Field(() => [ID], { nullable: true, description: 'These alone. 100 at most.' })
  deliveryIds?: string[] | null;

  @Field(() => WebhookDeliveryFilter, {
    nullable: true,
    description: 'Without it, all: dead ones, and delivered ones too.',
  })
  filter?: WebhookDeliveryFilter | null;
}

@ObjectType('WebhookSecretPayload', { simpleResolvers: true, description: 'A webhook with its new secret.' })
export class WebhookSecretPayload {
  @Field(() => WebhookType)
  webhook!: WebhookType;

  @Field(() => String, { description: 'To check signatures with, after Standard Webhooks. It is shown this once.' })
  secret!: string;
}

@ObjectType('WebhookPayload', { simpleResolvers: true, description: 'A webhook as it is now.' })
export class WebhookPayload {
  @Field(() => WebhookType)
  webhook!: WebhookType;
}

@ObjectType('DeleteWebhookPayload', { simpleResolvers: true, description: 'What `deleteWebhook` answers.' })
export class DeleteWebhookPayload {
  @Field(() => ID)
  deletedWebhookId!: string;
}

@ObjectType('TestWebhookPayload', { simpleResolvers: true, description: 'What `testWebhook` answers.' })
export class TestWebhookPayload {
  @Field(() => WebhookDeliveryType, { description: 'On its way: look at it again for what came of it.' })
  delivery!: WebhookDeliveryType;
}

@ObjectType('ReplayWebhookPayload', { simpleResolvers: true, description: 'What `replayWebhook` answers.' })
export class ReplayWebhookPayload {
  @Field(() => Int, { description: 'Deliveries that are on their way again.' })
  replayed!: number;
}
