import type { Logger } from '#core/log';
import type { Metrics } from '#core/metrics';

export interface TelemetryOptions {
  /** Where the collector listens, without the path of a signal, such as `http://localhost:4318`. */
  endpoint: string;
  serviceName: string;
  version: string;
  /** What this process does, and its own id. */
  roles: readonly string[];
  instanceId: string;
  metrics: Metrics;
  /** The part of the traces that are kept, where whoever calls has not decided it: from 0 to 1. */
  sampled: number;
  /** How often metrics are sent, in milliseconds. */
  metricIntervalMs: number;
  log: Logger;
}

/** What is exported of one process. */
export interface Telemetry {
  /** Sends what has gathered, and ends. */
  close(): Promise<void>;
}

/** How long what has gathered may take to be sent when the process ends, in milliseconds. */
const CLOSE_WITHIN_MS = 5_000;

/**
 * Exports traces and metrics by OTLP over HTTP. Without it none of OpenTelemetry's SDK is read, and spans are made by
 * nobody. `OTEL_EXPORTER_OTLP_HEADERS` and the like are read from the environment by the SDK itself.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { endpoint, metrics, metricIntervalMs, log } = options;
  const [
    api,
    core,
    { AsyncLocalStorageContextManager },
    traces,
    traceExport,
    meters,
    meterExport,
    resources,
    producer,
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
    import('@opentelemetry/resources'),
    import('./metric-producer.ts'),
  ]);
  const { diag, context, propagation, trace, DiagLogLevel } = api;
  const tell = (level: 'warn' | 'debug') => (message: string) => log[level]({ part: 'telemetry' }, message);
  const quiet = tell('debug');
  // A collector that is away is no fault of Parley's, and is told of once in a while by the exporter itself.
  diag.setLogger(
    { error: tell('warn'), warn: tell('warn'), info: quiet, debug: quiet, verbose: quiet },
    DiagLogLevel.WARN,
  );
  const named = resources.detectResources({ detectors: [resources.envDetector] });
  const resource = resources
    .defaultResource()
    .merge(named)
    .merge(
      resources.resourceFromAttributes({
        'service.name': options.serviceName,
        'service.version': options.version,
        'service.instance.id': options.instanceId,
        'parley.roles': [...options.roles],
      }),
    );
  const base = endpoint.replace(/\/+$/, '');
  const tracers = new traces.TracerProvider({
    resource,
    sampler: new traces.ParentBasedSampler({ root: new traces.TraceIdRatioBasedSampler(options.sampled) }),
    spanProcessors: [
      new traces.BatchSpanProcessor({ exporter: new traceExport.OTLPTraceExporter({ url: `${base}/v1/traces` }) }),
    ],
  });
  const reader = new meters.PeriodicExportingMetricReader({
    exporter: new meterExport.OTLPMetricExporter({ url: `${base}/v1/metrics` }),
    exportIntervalMillis: metricIntervalMs,
    exportTimeoutMillis: Math.min(metricIntervalMs, CLOSE_WITHIN_MS),
    metricProducers: [producer.produceMetrics(metrics.registry, resource)],
  });
  const provider = new meters.MeterProvider({ resource, readers: [reader] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(tracers);
  log.info({ endpoint: base }, 'traces and metrics are exported');
  return {
    async close() {
      await Promise.race([
        Promise.allSettled([tracers.shutdown(), provider.shutdown()]),
        new Promise((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS).unref()),
      ]);
      for (const signal of [trace, context, propagation, diag]) signal.disable();
    },
  };
}
