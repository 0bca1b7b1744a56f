import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { hrTime, millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

type Counted = MetricObjectWithValues<MetricValue<string>>;
type Value = MetricValue<string> & { metricName?: string };

/** What is counted for Prometheus, for a collector: one set of metrics, whichever way they are read. */
export function produceMetrics(registry: Registry, resource: Resource): MetricProducer {
  // Node tells neither of its counters when they began: not later than this process.
  const since = millisToHrTime(performance.timeOrigin);
  return {
    async collect() {
      const now = hrTime();
      const counted = (await registry.getMetricsAsJSON()) as Counted[];
      const metrics = counted.flatMap((metric) => toMetric(metric, since, now) ?? []);
      return { resourceMetrics: { resource, scopeMetrics: [{ scope: { name: 'parley' }, metrics }] }, errors: [] };
    },
  };
}

function toMetric(metric: Counted, startTime: HrTime, endTime: HrTime): MetricData | null {
  const base = {
    descriptor: { name: metric.name, description: metric.help, unit: unitOf(metric.name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const point = <T>(attributes: Attributes, value: T) => ({ startTime, endTime, attributes, value });
  // Their names, which prom-client writes into the type as words.
  switch (String(metric.type)) {
    case 'counter':
      return {
        ...base,
        dataPointType: DataPointType.SUM,
        isMonotonic: true,
        dataPoints: metric.values.map(({ labels, value }) => point(toAttributes(labels), value)),
      };
    case 'gauge':
      return {
        ...base,
        dataPointType: DataPointType.GAUGE,
        dataPoints: metric.values.map(({ labels, value }) => point(toAttributes(labels), value)),
      };
    case 'histogram':
      return {
        ...base,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: [...seriesOf(metric)].map(([, { labels, values }]) =>
          point(toAttributes(labels), toHistogram(values)),
        ),
      };
    default:
      return null;
  }
}

/** The values of a histogram by what they are told apart by, but for the buckets. */
function seriesOf({ values }: Counted): Map<string, { labels: Value['labels']; values: Value[] }> {
  const series = new Map<string, { labels: Value['labels']; values: Value[] }>();
  for (const value of values as Value[]) {
    const { le: _, ...labels } = value.labels as Record<string, string | number>;
    const key = JSON.stringify(labels);
    const known = series.get(key);
    if (known) known.values.push(value);
    else series.set(key, { labels, values: [value] });
  }
  return series;
}

/** Prometheus counts in each bucket what is in the smaller ones as well; OpenTelemetry does not. */
function toHistogram(values: Value[]) {
  const buckets = values.filter(({ labels }) => 'le' in labels);
  const bounds = buckets.map(({ labels }) => Number((labels as { le?: unknown }).le)).filter(Number.isFinite);
  const cumulated = buckets.map(({ value }) => value);
  const endingIn = (suffix: string) => values.find(({ metricName }) => metricName?.endsWith(suffix))?.value ?? 0;
  const count = endingIn('_count');
  const counts = bounds.map((_, index) => (cumulated[index] ?? 0) - (cumulated[index - 1] ?? 0));
  return {
    buckets: { boundaries: bounds, counts: [...counts, count - (cumulated[bounds.length - 1] ?? 0)] },
    sum: endingIn('_sum'),
    count,
  };
}

const toAttributes = (labels: object): Attributes => ({ ...labels });

const unitOf = (name: string): string => (/_seconds(_|$)/.test(name) ? 's' : /_bytes(_|$)/.test(name) ? 'By' : '');
