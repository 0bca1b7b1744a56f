import { createInterface, type Interface } from 'node:readline';
import type { ChatApi } from './api.ts';
import { COMMANDS, HELP } from './command.ts';
import type { RoomSummary } from './operation.ts';
import { chooseRoom, type Dialogue, findRoom, roomName } from './room-choice.ts';
import { enterRoom, type RoomSession } from './room-session.ts';
import { authorStyle, type Paint } from './style.ts';
import { TerminalScreen } from './terminal-screen.ts';
import { Transcript } from './transcript.ts';

export interface InteractiveOptions {
  api: ChatApi;
  viewerId: string | null;
  room: string | null;
  paint: Paint;
}

/** A conversation at a terminal: the room above, the line that is being typed below. */
export class InteractiveChat {
  readonly api: ChatApi;
  private readonly prompt: Interface;
  private readonly screen: TerminalScreen;
  private readonly dialogue: Dialogue;
  private transcript: Transcript;
  private session: RoomSession | null = null;
  /** What has been entered is dealt with one after the other. */
  private work: Promise<void> = Promise.resolve();
  private question: AbortController | null = null;
  /** Runs that Ctrl-C has stopped already: the next Ctrl-C does not wait for them. */
  private readonly cancelled = new Set<string>();
  private finish: (error?: unknown) => void = () => {};

  constructor(private readonly options: InteractiveOptions) {
    this.api = options.api;
    this.prompt = createInterface({
      input: process.stdin,
      output: process.stdout,
      prompt: options.paint('bold', '> '),
    });
    this.screen = new TerminalScreen(this.prompt, process.stdout, (author) =>
      options.paint(authorStyle(author.replace(/ \(goes on\)$/, '')), author),
    );
    this.transcript = this.newTranscript();
    this.dialogue = { say: (line) => this.screen.line(line), ask: (question) => this.ask(question) };
  }

  /** Talks until the user leaves. */
  async run(): Promise<void> {
    const left = new Promise<void>((resolve, reject) => {
      this.finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.prompt.on('SIGINT', () => this.interrupt());
    this.prompt.on('close', () => this.quit());
    try {
      await Promise.race([left, this.start()]);
      await left;
    } finally {
      this.session?.leave();
      this.screen.stopPrompting();
      this.prompt.close();
    }
  }

  /** Shows that something is under way or has happened. */
  note(text: string): void {
    this.transcript.note(text);
  }

  quit(): void {
    this.question?.abort();
    this.finish();
  }

  get room(): RoomSummary | null {
    return this.session?.room ?? null;
  }

  say(line: string): void {
    this.screen.line(line);
  }

  /** Goes to a room that the user picks, or to the one that is named. */
  async changeRoom(pick: (dialogue: Dialogue) => Promise<RoomSummary> = (dialogue) => chooseRoom(this.api, dialogue)) {
    await this.enter(await pick(this.dialogue));
  }

  async showHistory(count: number): Promise<void> {
    if (!this.session) return;
    const { messages } = await this.api.enter(this.session.room.id, count);
    const reader = this.newTranscript();
    reader.history(messages.filter(({ status }) => status !== 'STREAMING'));
  }

  async cancelRuns(): Promise<void> {
    const runs = this.transcript.activeRuns;
    if (runs.length === 0) this.note('Nothing is being written.');
    for (const runId of runs) await this.api.cancel(runId);
  }

  /** Decides about what was asked for first. */
  async decide(decision: 'APPROVE' | 'REJECT' | 'EDIT', more: object = {}): Promise<void> {
    const [asked] = this.transcript.pending;
    if (asked) await this.api.decide(asked.id, decision, more);
    else this.note('Nothing has to be decided.');
  }

  private async start(): Promise<void> {
    const { room } = this.options;
    const named = room === null ? undefined : findRoom(await this.api.rooms(), room);
    if (room !== null && !named) this.screen.line(`There is no room "${room}".`);
    await this.changeRoom(named ? async () => named : undefined);
    this.prompt.on('line', (line) => {
      this.screen.eraseEntered(line);
      this.prompt.prompt();
      this.work = this.work.then(() => this.take(line));
    });
    this.screen.startPrompting();
  }

  private async enter(room: RoomSummary): Promise<void> {
    this.session?.leave();
    this.transcript = this.newTranscript();
    this.session = await enterRoom(this.api, room.id, {
      transcript: this.transcript,
      onEntry: (entered, messages) => {
        this.screen.line(this.options.paint('bold', `— ${roomName(entered)} —`));
        this.transcript.history(messages);
      },
    });
    this.session.ended.catch((error: unknown) => this.finish(error));
  }

  private async take(line: string): Promise<void> {
    if (line.trim() === '') return;
    try {
      const [name = '', ...rest] = line.trim().split(/\s+/);
      const command = COMMANDS.get(name);
      if (command) await command(this, rest.join(' '));
      else if (name.startsWith('/')) this.say(`There is no ${name}. ${HELP}`);
      else if (this.session) await this.api.send(this.session.room.id, line);
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') return;
      this.transcript.problem(error instanceof Error ? error.message : String(error));
    }
  }

  /** Ctrl-C: leaves a question, stops a reply, leaves the chat. */
  private interrupt(): void {
    const stoppable = this.transcript.activeRuns.filter((runId) => !this.cancelled.has(runId));
    if (this.question) this.question.abort();
    else if (stoppable.length === 0) this.quit();
    else void this.cancelFromKeyboard(stoppable);
  }

  private async cancelFromKeyboard(runs: string[]): Promise<void> {
    for (const runId of runs) this.cancelled.add(runId);
    try {
      await this.cancelRuns();
    } catch (error) {
      this.transcript.problem(error instanceof Error ? error.message : String(error));
    }
  }

  private ask(question: string): Promise<string> {
    const asking = new AbortController();
    this.question = asking;
    return new Promise<string>((resolve, reject) => {
      asking.signal.addEventListener('abort', () => reject(asking.signal.reason), { once: true });
      this.prompt.question(question, { signal: asking.signal }, (answer) => resolve(answer.trim()));
    }).finally(() => {
      this.question = null;
    });
  }

  private newTranscript(): Transcript {
    return new Transcript(this.screen, this.options.paint, { id: this.options.viewerId, isShown: true });
  }
}
