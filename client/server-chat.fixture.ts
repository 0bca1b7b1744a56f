import { expect, vi } from 'vitest';
import { ScriptedModel } from '#test/support/scripted-model';
import { PASSWORD, type Person, type SeededAgent } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { ChatApi } from './api.ts';
import { logIn, sessionCredential } from './credential.ts';
import { InteractiveChat } from './interactive.ts';
import { memoryStore } from './session-store.ts';
import { createPaint } from './style.ts';
import { ToyTerminal } from './toy-terminal.fixture.ts';

const PATIENCE = { timeout: 20_000 };

/** A real server whose models say what a test tells them to, and Olga at a terminal. */
export class ServerChat {
  /** The title of the room that she is in. */
  title = '';
  roomId = '';
  private rooms = 0;
  private terminal = new ToyTerminal(160);
  private talking: Promise<void> | null = null;

  private constructor(
    readonly server: TestServer,
    readonly model: ScriptedModel,
    readonly olga: Person,
    readonly ada: SeededAgent,
  ) {}

  /** @param input Of Ada, the agent in the rooms. */
  static async start(input: Record<string, unknown> = {}): Promise<ServerChat> {
    const model = await ScriptedModel.start();
    const server = await startTestServer(model.variables);
    const olga = await server.seed.owner('Olga');
    const ada = await server.seed.agent(olga, { name: 'Ada', model: model.modelId, ...input });
    return new ServerChat(server, model, olga, ada);
  }

  stop(): Promise<void> {
    return this.model.stop();
  }

  /** A new room with Ada in it, unless others are given. */
  async makeRoom(agents = [this.ada], people: Person[] = []): Promise<void> {
    this.rooms += 1;
    this.title = `Room ${this.rooms}`;
    const { id } = await this.server.seed.room(this.olga, { agents, people, title: this.title });
    this.roomId = id;
  }

  /** Olga sits down at a terminal, and enters the room. */
  async open(): Promise<void> {
    this.terminal = new ToyTerminal(160);
    const endpoint = new URL('graphql', `${this.server.url}/`);
    const credential = sessionCredential(endpoint, memoryStore(), await logIn(endpoint, this.olga.email, PASSWORD));
    const api = new ChatApi(endpoint, credential, () => {});
    const viewerId = (await api.viewer())?.user?.id ?? null;
    const given = { api, viewerId, room: this.title, files: [], paint: createPaint(false) };
    this.talking = new InteractiveChat({ ...given, input: this.terminal.input, output: this.terminal }).run();
    await this.until(`— ${this.title} —`);
  }

  async leave(): Promise<void> {
    if (this.talking) this.type('/quit');
    await this.talking;
    this.talking = null;
  }

  /** All that is on her screen. */
  get shown(): string {
    return this.terminal.screen.join('\n');
  }

  /** Resolves once she sees a text, so many times. */
  async until(text: string, times = 1): Promise<void> {
    const isSeen = () => this.shown.split(text).length > times;
    await vi.waitUntil(isSeen, PATIENCE).catch(() => expect(this.shown).toContain(text));
    if (!isSeen()) throw new Error(`Not ${times} times: ${text}`);
  }

  /** She enters a line. */
  type(line: string): void {
    this.terminal.type(`${line}\n`);
  }

  /** She says something, and all of the answer comes. */
  async say(line: string, answer: string): Promise<void> {
    this.model.next(this.model.answer(answer));
    this.type(line);
    await this.until(`Ada: ${answer}\n>`);
  }
}
