import type { Database } from '#core/database/database';
import { momentFacts } from '#core/rule/rule-fact';
import type { RuleSource } from '#core/rule/rule-source';
import type { LiveSession } from '#prisma/generated/client';
import { GuardedRules } from '../guard/guarded-rules.ts';
import { SpeechGuard } from '../guard/speech-guard.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { onBehalfOf } from './live-history.ts';

export interface LiveSpeechOptions {
  database: Database;
  directory: PeerDirectory;
  rules: RuleSource;
  /** Told of how long what is shown was held back, in seconds. */
  onHeld(seconds: number): void;
}

/** What an agent says in a live session in words, as rules let it be shown and kept. Sound is not looked at. */
export class LiveSpeech {
  private guard: Promise<SpeechGuard | null> | null = null;
  private shown = '';
  private stopped = false;

  constructor(
    private readonly session: LiveSession,
    private readonly options: LiveSpeechOptions,
    private readonly agentName: () => string,
  ) {}

  /** Whether a rule has ended the turn: nothing more of it is shown, nor heard. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** What may be shown now. */
  async take(text: string): Promise<string> {
    this.guard ??= this.open();
    const guard = await this.guard;
    return this.show(guard ? guard.take('text', text) : text, guard);
  }

  /** Ends a turn. @returns What may be shown of the rest, and all that was shown */
  async end(isCut: boolean): Promise<{ rest: string; words: string }> {
    const guard = await this.guard;
    const rest = guard ? this.show(guard.rest('text', isCut), guard) : '';
    const words = this.shown;
    this.restart();
    return { rest, words };
  }

  /** The turn begins again. */
  restart(): void {
    this.guard = null;
    this.shown = '';
    this.stopped = false;
  }

  /** What tools are given, and what they answer, without what is not to be shown of it. */
  async redact<T>(value: T): Promise<T> {
    const guard = await this.open();
    return guard ? guard.redact(value) : value;
  }

  private show(text: string, guard: SpeechGuard | null): string {
    let shown = text;
    if (guard?.verdict && !this.stopped) {
      this.stopped = true;
      const { action } = guard.verdict;
      shown += (this.shown + text === '' ? '' : '\n\n') + (action.kind === 'BLOCK' ? action.message : action.text);
    }
    this.shown += shown;
    return shown;
  }

  private async open(): Promise<SpeechGuard | null> {
    const { session } = this;
    const { rules, directory, database, onHeld } = this.options;
    const viewer = onBehalfOf(session);
    const set = await rules.find(viewer);
    if (!set.has('OUTPUT')) return null;
    const [[author], room] = await Promise.all([
      directory.users(viewer, [session.userId]),
      database.scoped.conversation.findFirst({
        where: { id: session.conversationId },
        select: { title: true, tags: true, priority: true },
      }),
    ]);
    const facts = {
      ...{ input: '', authorId: session.userId, author: author?.name ?? '' },
      ...{ agentId: session.agentId, agent: this.agentName() },
      ...{ roomId: session.conversationId, room: room?.title ?? '' },
      ...{ tags: room?.tags ?? [], priority: room?.priority ?? 'NORMAL' },
      ...momentFacts(new Date()),
    };
    const about = GuardedRules.of(set, [facts]);
    return about && new SpeechGuard(about, '', onHeld);
  }
}
