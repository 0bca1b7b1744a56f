import { handleJob } from '#core/job/job';
import type { Kernel } from '#core/kernel';
import { deliver, deliverJob } from './deliver.ts';
import { DeliveryService } from './delivery.service.ts';
import { WebhookResolver } from './webhook.resolver.ts';
import { WebhookService } from './webhook.service.ts';
import { webhookStep } from './webhook-step.ts';

/** Composes webhooks. */
export function createWebhooks({ database, transactions, sealer, jobs, log, outbound, environment }: Kernel) {
  const service = new WebhookService({
    database,
    transactions,
    sealer,
    wake: (webhookId) => deliveries.wake(webhookId),
  });
  const deliveries: DeliveryService = new DeliveryService({ database, transactions, jobs, log }, service);
  const options = {
    database,
    transactions,
    outbound,
    sealer,
    retry: { firstMs: environment.WEBHOOK_RETRY_SECONDS * 1_000, tries: environment.WEBHOOK_TRIES },
    later: (orgId: string, deliveryId: string, delayMs: number) => deliveries.dispatch(orgId, deliveryId, delayMs),
  };
  return {
    resolver: new WebhookResolver(service, deliveries),
    step: webhookStep((orgId, deliveryId) => deliveries.dispatch(orgId, deliveryId)),
    jobs: [handleJob(deliverJob, ({ orgId, deliveryId }) => deliver(orgId, deliveryId, options))],
    startSweep: () => deliveries.startSweep(),
  };
}
