import {
  type Content,
  FunctionCallingConfigMode,
  type GenerateContentConfig,
  type GenerateContentParameters,
  type HarmBlockThreshold,
  type HarmCategory,
  type Part,
  type ThinkingConfig,
  type ThinkingLevel,
} from '@google/genai';
import {
  isMadeToolCallId,
  type ModelPart,
  type ModelRequest,
  type ModelTurn,
  type ThinkingOptions,
} from './model.port.ts';

export const GEMINI_ID = 'gemini';

/** What the SDK is to send for a request, without the transport's part of the config. */
export function toGeminiRequest(request: ModelRequest): GenerateContentParameters & { config: GenerateContentConfig } {
  return { model: request.model, contents: request.turns.map(toContent), config: toConfig(request) };
}

function toConfig(request: ModelRequest): GenerateContentConfig {
  const config: GenerateContentConfig = {
    // Both would make the SDK send requests of its own, unseen by our limits, retries and ledger.
    automaticFunctionCalling: { disable: true },
    automaticContinuation: false,
  };
  if (request.system) config.systemInstruction = { parts: [{ text: request.system }] };
  if (request.temperature !== undefined) config.temperature = request.temperature;
  if (request.maxOutputTokens !== undefined) config.maxOutputTokens = request.maxOutputTokens;
  if (request.thinking) config.thinkingConfig = toThinkingConfig(request.thinking);
  if (request.tools?.length) {
    const functionDeclarations = request.tools.map((tool) => ({
      name: tool.name,
      description: tool.description,
      parametersJsonSchema: tool.parameters,
    }));
    config.tools = [{ functionDeclarations }];
    if (request.toolChoice) config.toolConfig = { functionCallingConfig: { mode: TOOL_MODES[request.toolChoice] } };
  }
  if (request.responseSchema) {
    config.responseMimeType = 'application/json';
    config.responseJsonSchema = request.responseSchema;
  }
  if (request.safety) {
    config.safetySettings = request.safety.map((setting) => ({
      category: setting.category as HarmCategory,
      threshold: setting.threshold as HarmBlockThreshold,
    }));
  }
  return config;
}

const TOOL_MODES = {
  AUTO: FunctionCallingConfigMode.AUTO,
  REQUIRED: FunctionCallingConfigMode.ANY,
  NONE: FunctionCallingConfigMode.NONE,
};

function toThinkingConfig(thinking: ThinkingOptions): ThinkingConfig {
  return {
    ...(thinking.include !== undefined && { includeThoughts: thinking.include }),
    ...(thinking.budgetTokens !== undefined && { thinkingBudget: thinking.budgetTokens }),
    ...(thinking.effort !== undefined && { thinkingLevel: thinking.effort as ThinkingLevel }),
  };
}

export function toContent(turn: ModelTurn): Content {
  const role = turn.role === 'model' ? 'model' : 'user';
  // A dropped thoughtSignature makes the next tool turn fail with 400, so Gemini's own Parts go back as they came.
  if (turn.rawParts?.provider === GEMINI_ID) return { role, parts: turn.rawParts.parts as Part[] };
  return { role, parts: turn.parts.map(toPart) };
}

function toPart(part: ModelPart): Part {
  switch (part.type) {
    case 'text':
      return { text: part.text };
    case 'image':
    case 'document':
      return { inlineData: { mimeType: part.mimeType, data: part.data } };
    case 'file':
      return { fileData: { fileUri: part.uri, mimeType: part.mimeType } };
    case 'tool_call':
      return { functionCall: { ...knownId(part.id), name: part.name, args: part.args } };
    case 'tool_result': {
      const response = part.isError ? { error: part.result } : { output: part.result };
      return { functionResponse: { ...knownId(part.id), name: part.name, response } };
    }
  }
}

/** Gemini pairs calls and results by name and order where it gave no id. */
const knownId = (id: string) => (isMadeToolCallId(id) ? {} : { id });
