import { createInterface, type Interface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { ChatApi } from './api.ts';
import { COMMANDS, HELP } from './command.ts';
import { NextLine } from './next-line.ts';
import type { Approval, RoomSummary, WhenBusy } from './operation.ts';
import { ReadMark } from './read-mark.ts';
import { chooseRoom, type Dialogue, findRoom, roomName } from './room-choice.ts';
import { enterRoom, type RoomSession } from './room-session.ts';
import { authorStyle, type Paint, printable } from './style.ts';
import { type Terminal, TerminalScreen } from './terminal-screen.ts';
import { Transcript } from './transcript.ts';
import { describeFile } from './upload.ts';

export interface InteractiveOptions {
  api: ChatApi;
  viewerId: string | null;
  room: string | null;
  /** The paths of what goes with the first line. */
  files: string[];
  paint: Paint;
  /** The terminal. */
  input: NodeJS.ReadableStream;
  output: Terminal;
}

/** How long the connection may take to be closed, in milliseconds. */
const LEAVE_WITHIN = 1_000;

/** A conversation at a terminal: the room above, the line that is being typed below. */
export class InteractiveChat {
  readonly api: ChatApi;
  private readonly prompt: Interface;
  private readonly screen: TerminalScreen;
  readonly dialogue: Dialogue;
  readonly next: NextLine;
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
    this.next = new NextLine(options.api);
    this.prompt = createInterface({
      input: options.input,
      output: options.output,
      prompt: options.paint('bold', '> '),
    });
    this.screen = new TerminalScreen(this.prompt, options.output, (author) =>
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
      // A server that is silent holds nobody up; why the session ended has been said.
      await Promise.race([this.session?.ended.catch(() => {}), wait(LEAVE_WITHIN, undefined, { ref: false })]);
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

  /** @throws Error where no room has been entered */
  get roomId(): string {
    if (!this.session) throw new Error('You are in no room: /rooms.');
    return this.session.room.id;
  }

  get paint(): Paint {
    return this.options.paint;
  }

  /** Who is typing; null for an API key that is nobody's. */
  get viewerId(): string | null {
    return this.options.viewerId;
  }

  say(line: string): void {
    this.screen.line(line);
  }

  /** Goes to a room that the user picks, or to the one that is named. */
  async changeRoom(pick: (dialogue: Dialogue) => Promise<RoomSummary> = (dialogue) => chooseRoom(this.api, dialogue)) {
    await this.enter(await pick(this.dialogue));
  }

  /** Does what ends the user's part in this room, and asks where to go then. Where it fails, all is as before. */
  async depart(how: () => Promise<void>): Promise<void> {
    const { session } = this;
    session?.leave();
    this.session = null;
    try {
      await how();
    } catch (error) {
      if (session) await this.enter(session.room);
      throw error;
    }
    await this.changeRoom();
  }

  async showHistory(count: number): Promise<void> {
    if (!this.session) return;
    const { messages } = await this.api.enter(this.session.room.id, count);
    const reader = this.newTranscript();
    reader.history(messages.filter(({ status }) => status !== 'STREAMING'));
  }

  /** Writes in the room. @param whenBusy other than what is set for all lines */
  async send(text: string, whenBusy: WhenBusy = this.next.whenBusy): Promise<void> {
    const waits = whenBusy === 'ENQUEUE' && this.isBusy;
    const runId = await this.next.send(this.roomId, text, whenBusy);
    if (waits && runId) this.note('This is answered after what is under way. /busy has lines sent otherwise.');
  }

  /** Whether a run of the room has not ended, as far as is known. */
  get isBusy(): boolean {
    return this.transcript.activeRuns.length > 0;
  }

  async cancelRuns(): Promise<void> {
    const runs = this.transcript.activeRuns;
    if (runs.length === 0) this.note('Nothing is being written.');
    for (const runId of runs) await this.api.cancel(runId);
  }

  /** What agents ask for and nobody has decided yet, the oldest first. */
  get pending(): Approval[] {
    return this.transcript.pending;
  }

  /** Decides about something that is asked for, counted from 1. */
  async decide(number: number, decision: 'APPROVE' | 'REJECT' | 'EDIT', more: object = {}): Promise<void> {
    const asked = this.pending[number - 1];
    if (asked) await this.api.decide(asked.id, decision, more);
    else this.note('Nothing has to be decided.');
  }

  /** Uploads a file, to go with the next line. */
  async attach(path: string): Promise<void> {
    const file = await this.next.attach(path);
    this.note(`${printable(describeFile(file))} goes with your next line. /drop takes it back.`);
  }

  /** Takes back what was to go with the next line. */
  drop(): void {
    this.note(this.next.drop() > 0 ? 'Nothing goes with your next line any more.' : 'Nothing is attached.');
  }

  private async start(): Promise<void> {
    const { room, files } = this.options;
    const named = room === null ? undefined : findRoom(await this.api.rooms(), room);
    if (room !== null && !named) this.screen.line(`There is no room "${room}".`);
    await this.changeRoom(named ? async () => named : undefined);
    for (const path of files) await this.attach(path);
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
    const mark = new ReadMark(this.api, room.id);
    this.session = await enterRoom(this.api, room.id, {
      transcript: this.transcript,
      onRead: (cursor) => mark.move(cursor),
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
      const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line.trim()) ?? [];
      const command = COMMANDS.get(name);
      if (command) await command(this, rest);
      else if (name.startsWith('/')) this.say(`There is no ${name}. ${HELP}`);
      else await this.send(line);
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
    const own = { id: this.options.viewerId, isShown: true };
    return new Transcript(this.screen, this.options.paint, own, this.api.endpoint);
  }
}
