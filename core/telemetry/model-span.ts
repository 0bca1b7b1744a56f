import { SpanKind } from '@opentelemetry/api';
import type { ModelChunk, ModelProvider, ModelRequest, ModelUsage } from '#core/model/model.port';
import { beginSpan, failSpan } from './span.ts';

/** The providers by the names that OpenTelemetry's conventions for generative AI give them. */
const PROVIDER_NAMES: Record<string, string> = { gemini: 'gcp.gemini', openai: 'openai' };

const FINISH_REASONS = { STOP: 'stop', MAX_TOKENS: 'length', TOOL_CALLS: 'tool_calls', OTHER: 'other' } as const;

/** One call of a model as a span, from when it is asked to when its stream ends. Neither prompt nor answer is in it. */
export async function* traceModel(
  provider: ModelProvider,
  request: ModelRequest,
  stream: AsyncIterable<ModelChunk>,
): AsyncGenerator<ModelChunk> {
  const span = beginSpan(`chat ${request.model}`, {
    kind: SpanKind.CLIENT,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': PROVIDER_NAMES[provider.id] ?? provider.id,
      'gen_ai.request.model': request.model,
      'gen_ai.output.type': request.responseSchema ? 'json' : 'text',
      ...(request.temperature !== undefined && { 'gen_ai.request.temperature': request.temperature }),
      ...(request.maxOutputTokens !== undefined && { 'gen_ai.request.max_tokens': request.maxOutputTokens }),
    },
  });
  if (!span) {
    yield* stream;
    return;
  }
  const askedAt = performance.now();
  let isFirst = true;
  let hasEnded = false;
  try {
    for await (const chunk of stream) {
      if (isFirst) span.setAttribute('parley.time_to_first_chunk_ms', Math.round(performance.now() - askedAt));
      isFirst = false;
      if (chunk.type === 'usage') span.setAttributes(usageOf(chunk.usage));
      if (chunk.type === 'end') {
        span.setAttribute('gen_ai.response.finish_reasons', [FINISH_REASONS[chunk.reason]]);
        hasEnded = true;
      }
      yield chunk;
    }
  } catch (error) {
    failSpan(span, error);
    hasEnded = true;
    throw error;
  } finally {
    // Whoever reads it may leave before its end.
    if (!hasEnded) span.setAttribute('parley.broken_off', true);
    span.end();
  }
}

const usageOf = (usage: ModelUsage) => ({
  'gen_ai.usage.input_tokens': usage.inputTokens,
  'gen_ai.usage.output_tokens': usage.outputTokens,
  'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
  'gen_ai.usage.reasoning.output_tokens': usage.thinkingTokens,
});
