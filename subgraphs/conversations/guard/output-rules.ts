import type { RunnableAgent } from '#core/agent/runnable-agent';
import { momentFacts } from '#core/rule/rule-fact';
import type { RuleSource } from '#core/rule/rule-source';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import type { RoomContext } from '../orchestration/room-context.ts';
import { GuardedRules } from './guarded-rules.ts';
import { SpeechGuard } from './speech-guard.ts';

export interface OutputRulesOptions {
  source: RuleSource;
  /** Told of how long what is shown was held back, in seconds. */
  onHeld(seconds: number): void;
}

type Named = Pick<RunnableAgent, 'id' | 'name'>;

/** What the organization's rules say about what agents say in a run. */
export class OutputRules {
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
    const { run } = this;
    const place = { authorId: run.startedById, roomId: run.conversationId };
    const inNameOf = agent.id === this.owner.id ? [agent] : [agent, this.owner];
    const named = inNameOf.map(({ id, name }) => ({ ...place, agentId: id, agent: name }));
    const conditions = named.flatMap((facts) => set.about('OUTPUT', facts).map(({ rule }) => rule.condition));
    if (conditions.length === 0) return null;
    const shared = { ...(await this.readFacts(conditions.join(' '))), ...momentFacts(new Date()) };
    const rules = GuardedRules.of(
      set,
      named.map((facts) => ({ ...shared, ...facts })),
    );
    return rules && new SpeechGuard(rules, before, onHeld);
  }

  /** What conditions ask for is read, and nothing else: it is on the way of every reply. */
  private async readFacts(conditions: string) {
    const asks = (name: RegExp) => name.test(conditions);
    const [{ author, room }, input] = await Promise.all([
      asks(/\b(?:author|room)\b/) ? this.room.facts() : { author: '', room: '' },
      asks(/\binput\b/) ? this.room.triggerText() : '',
    ]);
    return { input, author, room, tags: [], priority: 'NORMAL' };
  }
}
