import { newId } from '#core/id';
import { type Dialect, GEMINI, OPENAI } from '#core/model/dialect.fixture';
import { FaultServer, type Play, stream, type WireRequest } from '#core/model/fault-server.fixture';
import { GeminiFileStore } from '#core/model/gemini-file-store.fixture';
import type { JsonObject } from '#core/model/model.port';

/** Counts of a call as the vendor writes them, with ones that are easy to recognise. */
const usageOf = ({ name }: Dialect) =>
  name === 'gemini'
    ? { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 }
    : { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

/** A model's server that answers what a test tells it to, and remembers what it was asked. */
export class ScriptedModel {
  readonly server = new FaultServer();
  /** Where Gemini's files are given to it. */
  readonly files = new GeminiFileStore(() => this.server.url);
  /** The calls of the model, oldest first. */
  readonly calls: WireRequest[] = [];
  private readonly plays: Play[] = [];
  private readonly scripts = new Map<string, Play[]>();

  constructor(readonly dialect: Dialect) {}

  static async start(dialect: Dialect = OPENAI): Promise<ScriptedModel> {
    const model = new ScriptedModel(dialect);
    await model.server.start();
    model.server.play((response, request) => {
      if (model.files.answer(response, request)) return;
      if (request.method === 'GET') return void response.writeHead(404).end('{}');
      model.calls.push(request);
      return (model.scriptFor(request)?.shift() ?? model.plays.shift() ?? model.answer('Fine.'))(response, request);
    });
    return model;
  }

  /** The environment of a server that shall ask this model. */
  get variables(): Record<string, string> {
    const { dialect, server } = this;
    return dialect === GEMINI
      ? { GEMINI_API_KEY: dialect.key, GEMINI_BASE_URL: server.url }
      : { OPENAI_API_KEY: dialect.key, OPENAI_BASE_URL: `${server.url}/v1` };
  }

  /** With the provider's prefix, as agents name it. */
  get modelId(): string {
    return `${this.dialect.name}/${this.dialect.model}`;
  }

  /** How the next calls go, one after the other; further ones are answered with `Fine.` */
  next(...plays: Play[]): void {
    this.plays.push(...plays);
  }

  /** How the calls go whose prompt has the marker in it, one after the other. */
  script(marker: string, ...plays: Play[]): void {
    this.scripts.set(marker, plays);
  }

  /** The whole answer at once. */
  answer(text: string): Play {
    return stream(this.dialect.text(text) + this.dialect.finish('STOP', usageOf(this.dialect)));
  }

  /** Asks for tools, with arguments, and says nothing. */
  callTools(...calls: [name: string, args: JsonObject][]): Play {
    const { dialect } = this;
    const asked = calls.map(([name, args]) => ({ id: `call-${newId()}`, name, args }));
    return stream(dialect.calls(asked) + dialect.finish('STOP', usageOf(dialect)));
  }

  /** Refuses for good. */
  fail(status = 400): Play {
    return (response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(this.dialect.refusal(status, 'refused')));
    };
  }

  /** The calls whose prompt has the marker in it. */
  callsOf(marker: string): WireRequest[] {
    return this.calls.filter(({ body }) => JSON.stringify(body).includes(marker));
  }

  /** Begins an answer and goes on with it when told to. */
  held(begin: string): { play: Play; finish(rest: string): void } {
    let finish: (rest: string) => void = () => {};
    return {
      play: (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        response.write(this.dialect.text(begin));
        finish = (rest) =>
          void response.end(this.dialect.text(rest) + this.dialect.finish('STOP', usageOf(this.dialect)));
      },
      finish: (rest) => finish(rest),
    };
  }

  private scriptFor({ body }: WireRequest): Play[] | undefined {
    const prompt = JSON.stringify(body);
    return [...this.scripts].find(([marker]) => prompt.includes(marker))?.[1];
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}
