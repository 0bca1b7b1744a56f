import { excerpt } from './excerpt.ts';
import type { Approval, Attachment, Message, Run } from './operation.ts';
import type { RoomEvent } from './room-event.ts';
import { noteOf } from './room-note.ts';
import type { Screen } from './screen.ts';
import { type Paint, printable } from './style.ts';
import { describeFile } from './upload.ts';

/** A reply while it is being written. */
interface Reply {
  id: string;
  author: string;
  attempt: number;
  /** What has come so far. */
  text: string;
  /** How much of it is on the screen. */
  shown: number;
  isComplete: boolean;
}

const ENDED: readonly Run['state'][] = ['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED', 'LIMIT_REACHED'];

const isEnded = ({ state }: Run) => ENDED.includes(state);

/**
 * Puts the events of a room on the screen. One reply is written out as it streams; others that stream at the same time
 * wait until it is done, while whole messages go in between.
 */
export class Transcript {
  private readonly replies = new Map<string, Reply>();
  private readonly shownMessages = new Map<string, { author: string; words: string }>();
  /** Files by their message and their own id: a picture is shown when it comes, and not again with its message. */
  private readonly shownFiles = new Set<string>();
  private readonly runs = new Map<string, Run>();
  private readonly waiting = new Map<string, (run: Run) => void>();
  private readonly asked = new Map<string, Approval>();
  private open: Reply | null = null;

  /**
   * @param own Who is typing; what was read from a pipe need not be shown again.
   * @param endpoint Where addresses of files begin.
   */
  constructor(
    private readonly screen: Screen,
    private readonly paint: Paint,
    private readonly own: { id: string | null; isShown: boolean },
    private readonly endpoint: URL,
  ) {}

  /** The runs that have not ended, as far as is known. */
  get activeRuns(): string[] {
    return [...this.runs.values()].filter((run) => !isEnded(run)).map(({ id }) => id);
  }

  /** The messages that have been on the screen. */
  get shown(): ReadonlySet<string> {
    return new Set(this.shownMessages.keys());
  }

  /** What agents ask for and nobody has decided yet, the oldest first. */
  get pending(): Approval[] {
    return [...this.asked.values()];
  }

  /** Resolves when the run has ended and its reply is on the screen. */
  whenEnded(runId: string): Promise<Run> {
    const run = this.runs.get(runId);
    if (run && isEnded(run)) return Promise.resolve(run);
    return new Promise((resolve) => this.waiting.set(runId, resolve));
  }

  /** Messages as they were when the room was loaded. Those that are shown already are left out. */
  history(messages: Message[]): void {
    for (const message of messages) this.added(message);
  }

  /** Runs as they were when the room was loaded: those that have ended have been told of. */
  loaded(runs: Run[]): void {
    for (const run of runs) if (!isEnded(run)) this.runs.set(run.id, run);
  }

  /** Messages of a version that is shown now. Those that had been shown before it was chosen are shown once more. */
  again(messages: Message[], shownBefore: ReadonlySet<string>): void {
    for (const message of messages) {
      if (message.status === 'STREAMING') continue;
      if (shownBefore.has(message.id)) this.forget(message);
      this.completed(message);
    }
  }

  event(event: RoomEvent): void {
    switch (event.__typename) {
      case 'MessageAdded':
        this.added(event.message);
        break;
      case 'MessageDelta':
        this.delta(event);
        break;
      case 'MessageAttachmentAdded':
        this.file(event.messageId, this.replies.get(event.messageId)?.author ?? 'Agent', event.attachment);
        break;
      case 'MessageRestarted':
        this.restarted(event);
        break;
      case 'MessageCompleted':
        this.completed(event.message);
        break;
      case 'RunStateChanged':
        this.runChanged(event.run);
        break;
      case 'ApprovalRequested':
      case 'ApprovalDecided':
        this.approval(event.approval);
        break;
      default: {
        const note = noteOf(event, (messageId) => this.shownMessages.get(messageId)?.words);
        if (note !== null) this.note(printable(note));
      }
    }
  }

  /** Says what an agent asks for, or what became of it. */
  approval({ state, ...approval }: Approval): void {
    const { id, kind, subject, agent } = approval;
    const about = `${printable(agent.name)}: ${printable(subject)}`;
    if (state !== 'PENDING') {
      if (this.asked.delete(id)) this.note(`${about} is ${state.toLowerCase()}.`);
      return;
    }
    if (this.asked.has(id)) return;
    this.asked.set(id, { state, ...approval });
    const given = printable(JSON.stringify(approval.arguments));
    const how = kind === 'CHOICE' ? '/edit {"node": …}' : '/approve';
    this.note(`${about} ${given} has to be allowed: ${how} or /reject [why].`);
  }

  /** A remark of the client's own, between or amid messages. */
  note(text: string): void {
    this.interject(this.paint('dim', `· ${text}`));
  }

  /** Something that went wrong. */
  problem(text: string): void {
    this.interject(this.paint('red', `! ${printable(text)}`));
  }

  private added(message: Message): void {
    if (message.status !== 'STREAMING') {
      this.completed(message);
      return;
    }
    const reply = this.replyOf(message.id, message.author.name);
    if (reply.text === '') reply.text = printable(message.text);
    this.show(reply);
  }

  private delta({ messageId, attempt, text }: { messageId: string; attempt: number; text: string }): void {
    if (this.shownMessages.has(messageId)) return;
    const reply = this.replyOf(messageId, 'Agent');
    if (attempt < reply.attempt) return;
    reply.attempt = attempt;
    reply.text += printable(text);
    this.show(reply);
  }

  private restarted({ messageId, attempt }: { messageId: string; attempt: number }): void {
    const ended = this.shownMessages.get(messageId);
    // A run that had ended is gone on with.
    if (ended) this.shownMessages.delete(messageId);
    const reply = ended ? this.replyOf(messageId, ended.author) : this.replies.get(messageId);
    if (!reply) return;
    const hadShown = reply.shown > 0 || Boolean(ended?.words);
    Object.assign(reply, { text: '', shown: 0, attempt });
    if (!hadShown) return;
    if (this.open === reply) this.close();
    this.note(`${reply.author} begins again (attempt ${attempt}); what it wrote above is void.`);
  }

  private completed(message: Message): void {
    if (this.shownMessages.has(message.id)) return;
    this.shownMessages.set(message.id, { author: message.author.name, words: excerpt(message.text) });
    const text = printable(message.text);
    const reply = this.replies.get(message.id);
    if (reply) this.finish(reply, message.status, text);
    else if (message.author.id === this.own.id && !this.own.isShown) return;
    else this.whole(printable(message.author.name), text);
    for (const file of message.attachments) this.file(message.id, printable(message.author.name), file);
  }

  private forget({ id, attachments }: Message): void {
    this.shownMessages.delete(id);
    for (const file of attachments) this.shownFiles.delete(`${id} ${file.id}`);
  }

  /** A message that did not come in pieces. Of one without words its files tell. */
  private whole(author: string, text: string): void {
    if (text === '') return;
    const interrupted = this.close();
    this.screen.begin(author);
    this.screen.write(text);
    this.screen.end();
    if (interrupted) this.show(interrupted);
  }

  /** Says that a message has a file, and where it is to be had. */
  private file(messageId: string, author: string, file: Attachment): void {
    const key = `${messageId} ${file.id}`;
    if (this.shownFiles.has(key)) return;
    this.shownFiles.add(key);
    this.note(`${author}: ${printable(describeFile(file))} ${new URL(file.url, this.endpoint)}`);
  }

  private finish(reply: Reply, status: Message['status'], text: string): void {
    if (!text.startsWith(reply.text.slice(0, reply.shown))) {
      // What was seen is not how it ends, as after a gap in the stream.
      if (this.open === reply) this.close();
      reply.shown = 0;
    }
    reply.text = text;
    reply.isComplete = true;
    this.show(reply);
    if (status === 'CANCELLED') this.note('Cancelled.');
  }

  private runChanged(run: Run): void {
    this.runs.set(run.id, run);
    if (run.state === 'WAITING') {
      const isFull = run.waitingFor === 'BUDGET';
      this.note(isFull ? 'The run waits until a limit of tokens has room again.' : 'The run waits for a person.');
    }
    if (!isEnded(run)) return;
    if (run.state === 'PARTIAL')
      this.note('Some of it has failed; what the others made is kept. /retry goes on with it.');
    if (run.state === 'LIMIT_REACHED') this.note('A limit has ended it; what it made so far is kept.');
    if (run.error) {
      const advice = run.error.retryable ? ' Sending it again may go better.' : '';
      this.problem(`${run.error.message}${advice}`);
    }
    this.waiting.get(run.id)?.(run);
    this.waiting.delete(run.id);
  }

  private replyOf(id: string, author: string): Reply {
    const known = this.replies.get(id);
    if (known) return known;
    const reply: Reply = { id, author: printable(author), attempt: 0, text: '', shown: 0, isComplete: false };
    this.replies.set(id, reply);
    return reply;
  }

  /** Brings what has come of a reply to the screen, where it is this reply's turn. */
  private show(reply: Reply): void {
    if (this.open && this.open !== reply) return;
    let more = reply.text.slice(reply.shown);
    if (!this.open && more !== '') {
      const isResumed = reply.shown > 0;
      this.screen.begin(isResumed ? `${reply.author} (goes on)` : reply.author);
      if (isResumed) more = more.trimStart();
      this.open = reply;
    }
    this.screen.write(more);
    reply.shown = reply.text.length;
    if (!reply.isComplete) return;
    this.replies.delete(reply.id);
    this.close();
    const next = [...this.replies.values()].find(({ shown, text }) => shown < text.length);
    if (next) this.show(next);
  }

  /** @returns The reply that was open, to be gone on with. */
  private close(): Reply | null {
    const { open } = this;
    if (open) this.screen.end();
    this.open = null;
    return open;
  }

  private interject(line: string): void {
    const interrupted = this.close();
    this.screen.line(line);
    if (interrupted) this.show(interrupted);
  }
}
