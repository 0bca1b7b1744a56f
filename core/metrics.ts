import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from './error.ts';

/** By what operations are told apart: never by anything that a client can make up. */
export interface OperationLabels {
  operation: 'query' | 'mutation' | 'subscription' | 'none';
  /** Whose fault it was, if it was one. */
  outcome: 'ok' | 'client_error' | 'error';
  code: ErrorCode | 'none';
}

/** By what the gateway's calls of subgraphs are told apart. */
export interface SubgraphLabels {
  subgraph: string;
  /** For the plan of a query or mutation, for a field that is joined to an event, or to open a stream of events. */
  purpose: 'plan' | 'join' | 'subscription';
  outcome: OperationLabels['outcome'];
}

/** What this process counts, for Prometheus. */
export interface Metrics {
  registry: Registry;
  /** GraphQL requests over HTTP, in seconds. */
  requests: Histogram<keyof OperationLabels>;
  /** Operations over WebSocket: refused, answered or, of subscriptions, opened. */
  socketOperations: Counter<keyof OperationLabels>;
  /** Calls of subgraphs by the gateway, in this process or in others. */
  subgraphCalls: Counter<keyof SubgraphLabels>;
  sockets: Gauge;
  subscriptions: Gauge;
  /** Jobs that ended, in seconds of running, by kind and outcome. */
  jobs: Histogram<'job' | 'outcome'>;
  /** Pieces of replies that rules look at before they are shown, in seconds of being held back. */
  held: Histogram;
}

/** Metrics of one process, with Node's own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Histogram({
      name: 'parley_graphql_request_seconds',
      help: 'GraphQL requests over HTTP.',
      labelNames: ['operation', 'outcome', 'code'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    socketOperations: new Counter({
      name: 'parley_websocket_operations_total',
      help: 'Operations over WebSocket that were refused, answered or, of subscriptions, opened.',
      labelNames: ['operation', 'outcome', 'code'],
      registers,
    }),
    subgraphCalls: new Counter({
      name: 'parley_subgraph_requests_total',
      help: 'Calls of subgraphs by the gateway: for query plans, for joins to events, and to open streams.',
      labelNames: ['subgraph', 'purpose', 'outcome'],
      registers,
    }),
    sockets: new Gauge({ name: 'parley_websockets', help: 'Open WebSockets of clients.', registers }),
    subscriptions: new Gauge({ name: 'parley_subscriptions', help: 'Running subscriptions.', registers }),
    jobs: new Histogram({
      name: 'parley_job_seconds',
      help: 'Attempts at jobs that ended.',
      labelNames: ['job', 'outcome'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
      registers,
    }),
    held: new Histogram({
      name: 'parley_guard_held_seconds',
      help: 'How long pieces of replies were held back that rules look at before they are shown.',
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
