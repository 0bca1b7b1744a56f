import type { RunnableAgent } from '#core/agent/runnable-agent';
import { momentFacts } from '#core/rule/rule-fact';
import type { RunFacts, RunRules } from '../rule/run-rules.ts';
import { GuardedRules } from './guarded-rules.ts';
import { SpeechGuard } from './speech-guard.ts';

type Named = Pick<RunnableAgent, 'id' | 'name'>;

/** What conditions can ask that has to be read. */
const TO_BE_READ = /\b(?:input|authorId|author|room|tags|priority)\b/;

const UNREAD: RunFacts = {
  text: '',
  files: [],
  authorId: '',
  author: '',
  roomId: '',
  room: '',
  tags: [],
  priority: 'NORMAL',
};

/** What the organization's rules say about what agents say in a run. */
export class OutputRules {
  constructor(
    private readonly rules: RunRules,
    /** The run's own agent: what others say for it is said in its name as well. */
    private readonly owner: Named,
    /** Told of how long what is shown was held back, in seconds. */
    private readonly onHeld: (seconds: number) => void,
  ) {}

  /**
   * A guard for what an agent is about to say; null where no rule is about it.
   * @param before What the room has seen of the message already.
   * @throws ParleyError `UNAVAILABLE` where the rules cannot be had: then it is not to be said yet.
   */
  async guard(agent: Named, before = ''): Promise<SpeechGuard | null> {
    const set = await this.rules.set();
    if (!set.has('OUTPUT')) return null;
    const roomId = this.rules.run.conversationId;
    const inNameOf = agent.id === this.owner.id ? [agent] : [agent, this.owner];
    const named = inNameOf.map(({ id, name }) => ({ roomId, agentId: id, agent: name }));
    const about = named.flatMap((facts) => set.about('OUTPUT', facts).map(({ rule }) => rule));
    if (about.length === 0) return null;
    // On the way of every reply nothing is read that nobody asks for.
    const isAsked = about.some(({ condition }) => TO_BE_READ.test(condition));
    const { text: input, files: _, ...read } = isAsked ? await this.rules.facts() : UNREAD;
    const shared = { ...read, input, ...momentFacts(new Date()) };
    const rules = GuardedRules.of(
      set,
      named.map((facts) => ({ ...shared, ...facts })),
    );
    return rules && new SpeechGuard(rules, before, this.onHeld);
  }

  /** Keeps what rules have decided about what an agent said, and does to the room what they want. */
  async keep(guard: SpeechGuard | null, { id: agentId }: Named): Promise<void> {
    const ruling = guard?.ruling;
    if (ruling) await this.rules.keep(ruling, { agentId });
  }
}
