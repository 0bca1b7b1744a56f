import { permitted } from '#core/subgraph/rule';

const manage = permitted('webhooks:manage');

export const webhookQueries = {
  webhooks: manage,
  webhook: manage,
  webhookDeliveries: manage,
  webhookDelivery: manage,
};

export const webhookMutations = {
  createWebhook: manage,
  updateWebhook: manage,
  deleteWebhook: manage,
  rotateWebhookSecret: manage,
  pauseWebhook: manage,
  resumeWebhook: manage,
  testWebhook: manage,
  replayWebhook: manage,
};

const connection = { edges: manage, nodes: manage, pageInfo: manage, totalCount: manage };
const edge = { cursor: manage, node: manage };

export const webhookTypes = {
  Webhook: {
    id: manage,
    url: manage,
    description: manage,
    types: manage,
    includesRooms: manage,
    state: manage,
    pauseReason: manage,
    failures: manage,
    previousUntil: manage,
    createdBy: manage,
    createdAt: manage,
    updatedAt: manage,
  },
  WebhookConnection: connection,
  WebhookEdge: edge,
  WebhookDelivery: {
    id: manage,
    messageId: manage,
    type: manage,
    body: manage,
    state: manage,
    tries: manage,
    nextTryAt: manage,
    createdAt: manage,
    finishedAt: manage,
    attempts: manage,
  },
  WebhookDeliveryConnection: connection,
  WebhookDeliveryEdge: edge,
  WebhookAttempt: { at: manage, durationMs: manage, status: manage, response: manage, error: manage },
  WebhookSecretPayload: { webhook: manage, secret: manage },
  WebhookPayload: { webhook: manage },
  DeleteWebhookPayload: { deletedWebhookId: manage },
  TestWebhookPayload: { delivery: manage },
  ReplayWebhookPayload: { replayed: manage },
};
