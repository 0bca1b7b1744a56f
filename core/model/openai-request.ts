import type {
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from 'openai/resources/chat/completions';
import type { FilePart, ModelPart, ModelRequest, ModelTurn } from './model.port.ts';
import { ModelError } from './model-error.ts';

export const OPENAI_ID = 'openai';

/** OpenAI's reasoning models refuse `max_tokens`; most other servers know nothing else. */
const REASONING_MODEL = /^(o\d|gpt-5)/;

/**
 * The body of a streamed chat completion.
 * @param isOpenAi Whether it goes to OpenAI itself, and not to a server that only speaks its API.
 * @throws ModelError MODEL_INVALID_REQUEST for a part that chat completions cannot carry.
 */
export function toOpenAiRequest(request: ModelRequest, isOpenAi: boolean): ChatCompletionCreateParamsStreaming {
  const messages = request.turns.flatMap(toMessages);
  const limit = request.maxOutputTokens;
  const limitName = isOpenAi || REASONING_MODEL.test(request.model) ? 'max_completion_tokens' : 'max_tokens';
  const effort = request.thinking?.effort?.toLowerCase() as 'minimal' | 'low' | 'medium' | 'high' | undefined;
  return {
    model: request.model,
    messages: request.system ? [{ role: 'system', content: request.system }, ...messages] : messages,
    stream: true,
    stream_options: { include_usage: true },
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(limit !== undefined && { [limitName]: limit }),
    ...(effort && { reasoning_effort: effort }),
    ...(request.tools?.length && {
      tools: request.tools.map(
        ({ name, description, parameters }): ChatCompletionTool => ({
          type: 'function',
          function: { name, description, parameters },
        }),
      ),
      ...(request.toolChoice && { tool_choice: TOOL_CHOICES[request.toolChoice] }),
    }),
    ...(request.responseSchema && {
      // Strict mode accepts only schemas of OpenAI's own subset, and refuses the rest with 400.
      response_format: {
        type: 'json_schema' as const,
        json_schema: { name: 'answer', schema: request.responseSchema, strict: false },
      },
    }),
  };
}

const TOOL_CHOICES = { AUTO: 'auto', REQUIRED: 'required', NONE: 'none' } as const;

function toMessages(turn: ModelTurn): ChatCompletionMessageParam[] {
  if (turn.role === 'model') return [toAssistantMessage(turn)];
  if (turn.role === 'user') return [{ role: 'user', content: toContent(turn.parts) }];
  const results = turn.parts
    .filter((part) => part.type === 'tool_result')
    .map((part): ChatCompletionMessageParam => {
      const result = typeof part.result === 'string' ? part.result : JSON.stringify(part.result);
      return { role: 'tool', tool_call_id: part.id, content: part.isError ? `Error: ${result}` : result };
    });
  // A tool message holds text alone, so that a picture made by a tool follows as the user's.
  const rest = turn.parts.filter((part) => part.type !== 'tool_result');
  return rest.length > 0 ? [...results, { role: 'user', content: toContent(rest) }] : results;
}

function toAssistantMessage(turn: ModelTurn): ChatCompletionMessageParam {
  if (turn.rawParts?.provider === OPENAI_ID) {
    return turn.rawParts.parts[0] as unknown as ChatCompletionMessageParam;
  }
  const text = turn.parts
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('');
  const calls = turn.parts.filter((part) => part.type === 'tool_call');
  return {
    role: 'assistant',
    content: text || (calls.length > 0 ? null : ''),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, args }) => ({
        id,
        type: 'function' as const,
        function: { name, arguments: JSON.stringify(args) },
      })),
    }),
  };
}

function toContent(parts: ModelPart[]): string | ChatCompletionContentPart[] {
  if (parts.every((part) => part.type === 'text')) return parts.map((part) => part.text).join('\n');
  return parts.map(toContentPart);
}

function toContentPart(part: ModelPart): ChatCompletionContentPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image':
      if (!part.mimeType.startsWith('image/')) throw notAccepted(part.mimeType);
      return { type: 'image_url', image_url: { url: `data:${part.mimeType};base64,${part.data}` } };
    case 'document':
      return {
        type: 'file',
        file: { filename: part.fileName, file_data: `data:${part.mimeType};base64,${part.data}` },
      };
    case 'file':
      return toFilePart(part);
    default:
      throw new ModelError('MODEL_INVALID_REQUEST', 'A tool call or its result stands in a turn where it cannot be.');
  }
}

function toFilePart({ uri, mimeType }: FilePart): ChatCompletionContentPart {
  if (/^https?:/.test(uri) && mimeType.startsWith('image/')) return { type: 'image_url', image_url: { url: uri } };
  if (uri.startsWith('file-')) return { type: 'file', file: { file_id: uri } };
  throw notAccepted(mimeType);
}

const notAccepted = (mimeType: string) =>
  new ModelError('MODEL_INVALID_REQUEST', `This model takes no attachment of the type ${mimeType}.`);
