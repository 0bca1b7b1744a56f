import { LLMock } from '@copilotkit/aimock';
import { DIALECTS, type Dialect } from './dialect.fixture.ts';
import { user } from './drain.fixture.ts';
import type { JsonObject, ModelProvider, ModelRequest } from './model.port.ts';
import { OFFLINE_MODEL, OfflineProvider } from './offline.provider.ts';

/** An answer that every provider can be brought to give. */
export interface Scripted {
  text?: string;
  thinking?: string;
  calls?: { name: string; args: JsonObject }[];
}

/** A provider together with the outside world that it talks to. */
export interface Subject {
  name: string;
  /** The offline model has no wire and calls one tool at a time. */
  isOffline: boolean;
  start(): Promise<ModelProvider>;
  /** Arranges for the answer and returns the request that brings it about. */
  script(answer: Scripted): ModelRequest;
  /** From now on the outside world knows no answer and no model. */
  forget(): void;
  stop(): Promise<void>;
}

const TOOLS = ['look_up', 'add'].map((name) => ({
  name,
  description: `Does what ${name} says.`,
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
}));

/** Behind the vendor's SDK stands an emulator of the vendor's API, reached over HTTP. */
function emulated(dialect: Dialect): Subject {
  const emulator = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent', chunkSize: 8 });
  let provider: ModelProvider;
  let scripted = 0;
  return {
    name: dialect.name,
    isOffline: false,
    async start() {
      await emulator.start();
      provider = dialect.makeProvider(emulator.url);
      return provider;
    },
    script({ text, thinking, calls }) {
      scripted += 1;
      const prompt = `Prompt <${scripted}>.`;
      const match = { userMessage: prompt };
      const toolCalls = calls?.map(({ name, args }, index) => ({
        name,
        arguments: JSON.stringify(args),
        id: `call_${index}`,
      }));
      const reasoning = thinking === undefined ? {} : { reasoning: thinking };
      if (toolCalls && text !== undefined) emulator.on(match, { content: text, toolCalls, ...reasoning });
      else if (toolCalls) emulator.on(match, { toolCalls, ...reasoning });
      else emulator.on(match, { content: text ?? '', ...reasoning });
      return { model: dialect.model, turns: [user(prompt)], tools: TOOLS };
    },
    forget: () => void emulator.clearFixtures(),
    async stop() {
      await provider.close?.();
      await emulator.stop();
    },
  };
}

const offline: Subject = {
  name: 'offline',
  isOffline: true,
  start: async () => new OfflineProvider({ tokenDelayMs: 0 }),
  script({ text, thinking, calls }) {
    const call = calls?.[0];
    const prompt = call ? `Use tool ${call.name} with ${JSON.stringify(call.args)}` : `Say: ${text}`;
    return {
      model: OFFLINE_MODEL,
      turns: [user(prompt)],
      tools: TOOLS,
      ...(thinking !== undefined && { thinking: { include: true } }),
    };
  },
  forget: () => undefined,
  stop: async () => undefined,
};

export const SUBJECTS: Subject[] = [...DIALECTS.map(emulated), offline];
