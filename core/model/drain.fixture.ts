import type { ModelChunk, ModelProvider, ModelRequest, StreamOptions } from './model.port.ts';
import { isModelError, type ModelError } from './model-error.ts';

/** A stream, read to its end or to its error. */
export interface Drained {
  chunks: ModelChunk[];
  text: string;
  thinking: string;
  error?: ModelError;
}

/** Reads a stream to its end. An error that is no `ModelError` is thrown: the port promises that there is none. */
export async function drain(chunks: AsyncIterable<ModelChunk>): Promise<Drained> {
  const drained: Drained = { chunks: [], text: '', thinking: '' };
  try {
    for await (const chunk of chunks) {
      drained.chunks.push(chunk);
      if (chunk.type === 'text') drained.text += chunk.text;
      if (chunk.type === 'thinking') drained.thinking += chunk.text;
    }
  } catch (error) {
    if (!isModelError(error)) throw error;
    drained.error = error;
  }
  return drained;
}

export const ask = (provider: ModelProvider, request: ModelRequest, options: Partial<StreamOptions> = {}) =>
  drain(provider.stream(request, { signal: new AbortController().signal, ...options }));

export const user = (text: string): ModelRequest['turns'][number] => ({
  role: 'user',
  parts: [{ type: 'text', text }],
});

/** Narrows to the chunks of one type. */
export const only = <T extends ModelChunk['type']>(chunks: ModelChunk[], type: T) =>
  chunks.filter((chunk): chunk is Extract<ModelChunk, { type: T }> => chunk.type === type);
