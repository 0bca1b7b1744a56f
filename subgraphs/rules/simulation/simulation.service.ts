import { z } from 'zod';
import { badInput, badInputs } from '#core/error';
import { newId } from '#core/id';
import { evaluateRules } from '#core/rule/evaluate-rules';
import { RULE_STAGES, type Rule, type RuleContent } from '#core/rule/rule';
import type { RuleDecision } from '#core/rule/rule-decision';
import { RuleSet } from '#core/rule/rule-set';
import { validate } from '#core/validate';
import { requirePermission, type Viewer } from '#core/viewer';
import { contentProblems, ruleFields, withFields } from '../rule-content.schema.ts';
import type { RuleReader } from '../rule-reader.ts';
import type { RuleReferences } from '../rule-reference.ts';
import { type PlacedRule, type RuleWarning, warningsOf } from '../rule-warning.ts';
import type { SaidMessages } from './said-messages.ts';
import { MAX_SIMULATED } from './simulation.type.ts';
import { readFacts, wholeFacts } from './stage-facts.ts';

const COUNT = `It must be between 1 and ${MAX_SIMULATED}`;

const request = z
  .object({
    stage: z.enum(RULE_STAGES),
    facts: z.unknown().optional(),
    messages: z.object({ conversationId: z.string(), last: z.int().min(1, COUNT).max(MAX_SIMULATED, COUNT) }).nullish(),
    draft: ruleFields.required({ name: true, stage: true, actions: true }).nullish(),
    insteadOf: z.string().nullish(),
  })
  .superRefine(({ stage, draft, insteadOf, messages }, context) => {
    const add = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (draft && draft.stage !== stage) add(['draft', 'stage'], `It must be ${stage}, as the stage that is simulated`);
    if (insteadOf && !draft) add(['insteadOf'], 'It goes together with a draft');
    if (messages && !['INPUT', 'ROUTING', 'OUTPUT'].includes(stage)) {
      add(['messages'], `Rules of the stage ${stage} are not about messages: give facts`);
    }
  });

export interface Simulated {
  messageId: string | null;
  facts: object;
  decision: RuleDecision;
}

export interface Simulation {
  warnings: RuleWarning[];
  results: Simulated[];
}

/** Tells what rules would decide, without anything of it being done. */
export class SimulationService {
  constructor(
    private readonly reader: RuleReader,
    private readonly references: RuleReferences,
    private readonly messages: SaidMessages,
  ) {}

  async simulate(viewer: Viewer, input: unknown): Promise<Simulation> {
    requirePermission(viewer, 'rules:read');
    const { stage, facts, messages, draft, insteadOf } = validate(request, input);
    const known = readFacts(stage, facts);
    const content = draft ? withFields(draft) : null;
    if (content) await this.check(viewer, content);
    const replaced = insteadOf ? await this.reader.find(viewer, insteadOf) : null;
    if (replaced && replaced.stage !== stage)
      throw badInput('input.insteadOf', `It is of the stage ${replaced.stage}.`);
    const { version, rules } = (await this.reader.inForce(null)) ?? { version: 0, rules: [] };
    const drafted = content && draftRule(content, replaced?.id ?? newId(), replaced?.version ?? 0);
    const beside = rules.filter(({ id }) => id !== drafted?.id);
    const set = new RuleSet(version, drafted ? [...beside, drafted] : beside);
    const said = messages
      ? await this.messages.read(viewer, stage, messages.conversationId, messages.last)
      : [{ id: null, at: new Date(), facts: {} }];
    return {
      warnings: drafted ? warningsOf(toPlaced(drafted), beside.map(toPlaced)) : [],
      results: said.map(({ id, at, facts: ofMessage }) => {
        const whole = wholeFacts(stage, { ...ofMessage, ...known }, at);
        return { messageId: id, facts: whole, decision: evaluateRules(set, stage, whole, at.getTime()) };
      }),
    };
  }

  private async check(viewer: Viewer, content: RuleContent): Promise<void> {
    const problems = contentProblems(content, 'input.draft');
    if (problems.length > 0) throw badInputs(problems);
    const unknown = await this.references.problems(viewer, content, 'input.draft');
    if (unknown.length > 0) throw badInputs(unknown);
  }
}

const draftRule = ({ description: _, ...content }: RuleContent, id: string, version: number): Rule => ({
  ...content,
  id,
  versionId: newId(),
  version: version + 1,
});

const toPlaced = (rule: Rule): PlacedRule => ({ ...rule, description: '' });
