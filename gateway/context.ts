import type { Logger } from '#core/log';
import type { OperationLabels } from '#core/metrics';
import type { RequestEnvelope } from '#core/subgraph/operation';

/** What goes with a request through the gateway: handed to the data sources, never to a client. */
export interface GatewayContext {
  envelope: RequestEnvelope;
  log: Logger;
  /** Fires when the client has gone. */
  signal?: AbortSignal;
  /** Told what became of it, once there is an answer. A call, since Apollo hands on a copy of all this. */
  onOutcome?(outcome: OperationLabels): void;
}
