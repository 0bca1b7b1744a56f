import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface WireAttribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; arrayValue?: { values: { stringValue: string }[] } };
}

/** A span as it is on the wire. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: WireAttribute[];
  status: { code: number };
  /** The process that has sent it. */
  instance: string;
}

/** A metric as it is on the wire. */
export interface CollectedMetric {
  name: string;
  sum?: { dataPoints: { asDouble: number }[]; isMonotonic: boolean };
  histogram?: { dataPoints: { count: number; bucketCounts: number[]; explicitBounds: number[] }[] };
}

/** A collector of OpenTelemetry: it keeps what Parley sends to it by OTLP over HTTP. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** Of the last time that any were sent. */
  metrics: CollectedMetric[] = [];
  /** All that was sent, as it came. */
  readonly bodies: string[] = [];
  private readonly server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.take(Buffer.concat(chunks).toString());
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });

  static async start(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve) => collector.server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  /** The environment of a server that sends to it, its metrics twice a second. */
  get variables(): Record<string, string> {
    const { port } = this.server.address() as AddressInfo;
    return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_METRIC_EXPORT_INTERVAL: '500' };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The names of what a span is below of, the outermost first. */
  ancestorsOf(span: CollectedSpan | undefined): string[] {
    const parent = this.spans.find(({ traceId, spanId }) => traceId === span?.traceId && spanId === span.parentSpanId);
    return parent ? [...this.ancestorsOf(parent), parent.name] : [];
  }

  private take(text: string): void {
    this.bodies.push(text);
    const { resourceSpans = [], resourceMetrics = [] } = JSON.parse(text);
    for (const { resource, scopeSpans } of resourceSpans) {
      const instance = readValue(resource.attributes, 'service.instance.id');
      for (const { spans } of scopeSpans) {
        for (const span of spans) this.spans.push({ ...span, instance });
      }
    }
    for (const { scopeMetrics } of resourceMetrics) {
      this.metrics = scopeMetrics.flatMap(({ metrics }: { metrics: CollectedMetric[] }) => metrics);
    }
  }
}

/** What a span says of itself under a name. */
export const attributeOf = (span: CollectedSpan | undefined, key: string) => readValue(span?.attributes ?? [], key);

function readValue(attributes: WireAttribute[], key: string): string | string[] | number | undefined {
  const { stringValue, intValue, arrayValue } = attributes.find((attribute) => attribute.key === key)?.value ?? {};
  if (intValue !== undefined) return Number(intValue);
  return stringValue ?? arrayValue?.values.map((value) => value.stringValue);
}
