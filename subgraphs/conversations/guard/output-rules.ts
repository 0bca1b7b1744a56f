import type { RunnableAgent } from '#core/agent/runnable-agent';
import { momentFacts } from '#core/rule/rule-fact';
import type { RuleSource } from '#core/rule/rule-source';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import type { RoomContext } from '../orchestration/room-context.ts';
import { GuardedRules, type SpeechFacts } from './guarded-rules.ts';
import { SpeechGuard } from './speech-guard.ts';

export interface OutputRulesOptions {
  source: RuleSource;
  /** Told of how long what is shown was held back, in seconds. */
  onHeld(seconds: number): void;
}

type Named = Pick<RunnableAgent, 'id' | 'name'>;

type RoomFacts = Omit<SpeechFacts, 'agent' | 'agentId' | 'hour' | 'weekday'>;

/** What the organization's rules say about what agents say in a run. */
export class OutputRules {
  private about: Promise<RoomFacts> | null = null;

  constructor(
    private readonly run: Run,
    private readonly viewer: Viewer,
    /** The run's own agent: what others say for it is said in its name as well. */
    private readonly owner: Named,
    private readonly room: RoomContext,
    private readonly options: OutputRulesOptions,
  ) {}

  /**
   * A guard for what an agent is about to say; null where no rule is about it.
   * @param before What the room has seen of the message already.
   * @throws ParleyError `UNAVAILABLE` where the rules cannot be had: then it is not to be said yet.
   */
  async guard(agent: Named, before = ''): Promise<SpeechGuard | null> {
    const { source, onHeld } = this.options;
    const set = await source.find(this.viewer);
    if (!set.has('OUTPUT')) return null;
    this.about ??= this.readFacts();
    const shared = { ...(await this.about), ...momentFacts(new Date()) };
    const inNameOf = agent.id === this.owner.id ? [agent] : [agent, this.owner];
    const rules = GuardedRules.of(
      set,
      inNameOf.map(({ id, name }) => ({ ...shared, agentId: id, agent: name })),
    );
    return rules && new SpeechGuard(rules, before, onHeld);
  }

  private async readFacts(): Promise<RoomFacts> {
    const { run, room } = this;
    const [{ author, room: title }, input] = await Promise.all([room.facts(), room.triggerText()]);
    const { startedById: authorId, conversationId: roomId } = run;
    return { input, authorId, author, roomId, room: title, tags: [], priority: 'NORMAL' };
  }
}
