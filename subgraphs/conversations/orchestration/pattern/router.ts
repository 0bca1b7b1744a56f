import { setImmediate } from 'node:timers/promises';
import type { RouterTeam } from '#core/agent/team-definition';
import { evaluateCondition } from '#core/condition/condition';
import type { JsonValue } from '#core/model/model.port';
import { textOf } from '../../run/ask-model.ts';
import { RunFailure } from '../../run/run-failure.ts';
import { inputTurns } from '../answer.ts';
import { callModel } from '../model-step.ts';
import { workAtNode } from '../node-work.ts';
import { readJson } from '../read-json.ts';
import { StepFailure } from '../run-signal.ts';
import type { VisitOutput } from '../visit.ts';
import { pickOfGroup } from './group-pick.ts';
import { inputText, type Team } from './team.ts';

/** How a router came to its choice: stored with the step, and shown. */
interface Choice {
  node: string | null;
  /** `RULE`, `MODEL`, `DEFAULT` or `PERSON`. */
  by: 'RULE' | 'MODEL' | 'DEFAULT' | 'PERSON';
  reasons: string[];
  confidence?: number;
}

/** One node is chosen, and answers. */
export async function router(team: Team, flow: RouterTeam): Promise<VisitOutput> {
  const chosen = await choose(team, flow);
  return workAtNode(team, {
    node: team.node(chosen),
    key: `route/${chosen}`,
    input: team.input,
    speaker: team.speaker,
  });
}

/** The key of the node that answers. The decision is a step: taken once, whatever happens to the worker. */
async function choose(team: Team, flow: RouterTeam): Promise<string> {
  const { agent, allowance, scope, path, stepId } = team;
  const classified = await classify(team, flow);
  const decision = await scope.journal.step(
    {
      key: `${path}route`,
      parentId: stepId,
      kind: 'DECISION',
      name: 'route',
      agent: { id: agent.id, version: agent.version },
      depth: allowance.depth,
      input: { text: await inputText(team) },
    },
    async (step) => {
      const asked = scope.journal.approvalOf(step.id);
      if (asked?.state === 'PENDING') return scope.journal.wait(step, asked);
      if (asked) {
        const { node } = (asked.editedArguments ?? asked.arguments) as { node?: string | null };
        if (asked.state !== 'APPROVED' || !node) {
          throw new RunFailure('NOBODY_CHOSEN', 'Nobody was chosen to answer. Retry the run to be asked again.', true);
        }
        const choice: Choice = { node, by: 'PERSON', reasons: ['A person chose it.'] };
        return { output: node, decision: choice as unknown as JsonValue };
      }
      const choice = await decide(team, flow, classified);
      if (choice.node) {
        await scope.journal.begin(step);
        return { output: choice.node, decision: choice as unknown as JsonValue };
      }
      const choices = await ableOf(team);
      if (choices.length === 0) throw new RunFailure('AGENT_UNAVAILABLE', NOBODY_ABLE, false);
      step.decision = choice as unknown as JsonValue;
      return scope.journal.ask(step, {
        kind: 'CHOICE',
        agentId: agent.id,
        subject: 'node',
        arguments: { node: null, choices, reasons: choice.reasons },
        requiredRole: null,
        expiresAt: null,
        onExpiry: 'REJECTED',
      });
    },
    { beginsItself: true },
  );
  return decision as string;
}

const NOBODY_ABLE = 'No agent of the team can answer now. Publish or restore one, then retry the run.';

/** The keys of the nodes whose agents can answer. */
async function ableOf({ nodes, scope }: Team): Promise<string[]> {
  const agents = await Promise.all(nodes.map(({ agentId, version }) => scope.roster.find(agentId, version)));
  return nodes.filter((_, index) => agents[index]).map(({ key }) => key);
}

interface Classified {
  node: string;
  confidence: number;
  reason: string;
}

/** The team's own model has chosen nobody. */
interface Unclassified {
  /** Why, as it is stored with the decision. */
  problem: string;
}

/** What the team's own model would choose; null where a rule decides, or it is not asked. */
async function classify(team: Team, flow: RouterTeam): Promise<Classified | Unclassified | null> {
  if (!flow.classify || (await ruleFor(team, flow))) return null;
  try {
    return await askModel(team);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    team.scope.losses.push(`${team.agent.name}: ${error.message}`);
    return { problem: `The model could not choose: ${error.message}` };
  }
}

async function askModel(team: Team): Promise<Classified | Unclassified> {
  const agents = await Promise.all(team.nodes.map((node) => team.scope.roster.find(node.agentId, node.version)));
  const schema = {
    type: 'object',
    properties: {
      node: { type: 'string', enum: team.nodes.map(({ key }) => key) },
      confidence: { type: 'number', minimum: 0, maximum: 1 },
      reason: { type: 'string' },
    },
    required: ['node', 'confidence', 'reason'],
  };
  const list = team.nodes.map((node, index) => {
    const agent = agents[index];
    return `- ${node.key}: ${agent?.name ?? 'not available'}. ${node.description ?? agent?.description ?? ''}`;
  });
  const question = [
    'Choose who answers. The choices:',
    ...list,
    'Answer with JSON: {"node": one of the choices, "confidence": 0 to 1, "reason": "why"}.',
  ].join('\n');
  const said = await callModel(team, {
    key: 'classify',
    name: 'classify',
    system: [team.agent.instructions, question].filter(Boolean).join('\n\n'),
    turns: await inputTurns(team),
    responseSchema: schema,
    speaker: null,
  });
  const { value, problems } = readJson(textOf(said.parts), schema);
  if (problems.length > 0)
    return { problem: `The model gave no choice that could be understood: ${problems.join(' ')}` };
  return value as unknown as Classified;
}

async function decide(team: Team, flow: RouterTeam, answer: Classified | Unclassified | null): Promise<Choice> {
  const reasons: string[] = [];
  const rule = await ruleFor(team, flow);
  const classified = answer && 'node' in answer ? answer : null;
  const wanted = rule ?? (classified && classified.confidence >= flow.threshold ? classified.node : null);
  if (rule) reasons.push(`A rule chose ${rule}.`);
  else if (classified) {
    reasons.push(
      `The model chose ${classified.node} with a confidence of ${classified.confidence}: ${classified.reason}`,
    );
    if (!wanted) reasons.push(`That is below the threshold of ${flow.threshold}.`);
  } else reasons.push(answer && 'problem' in answer ? answer.problem : 'No rule fits.');
  const shared = classified ? { confidence: classified.confidence } : {};
  const picked = wanted ? await pickOfGroup(team, flow, wanted, reasons) : null;
  if (picked) return { node: picked, by: rule ? 'RULE' : 'MODEL', reasons, ...shared };
  const fallback = flow.defaultNode ? await pickOfGroup(team, flow, flow.defaultNode, reasons) : null;
  if (fallback)
    return { node: fallback, by: 'DEFAULT', reasons: [...reasons, `${fallback} is the default.`], ...shared };
  return { node: null, by: 'PERSON', reasons: [...reasons, 'A person is asked.'], ...shared };
}

/** How long all rules of one choice may take, in milliseconds. */
const RULES_WITHIN_MS = 500;

/** The node of the first rule that is true. One that cannot be evaluated is not; none, where they take too long. */
async function ruleFor(team: Team, { rules }: RouterTeam): Promise<string | null> {
  if (rules.length === 0) return null;
  const at = team.scope.run.queuedAt;
  const facts = {
    input: await inputText(team),
    agents: team.nodes.map(({ key }) => key),
    hour: BigInt(at.getUTCHours()),
    weekday: BigInt(at.getUTCDay()),
    ...(await team.scope.room.facts()),
  };
  const deadline = Date.now() + RULES_WITHIN_MS;
  for (const { condition, node } of rules) {
    if (Date.now() > deadline) return null;
    // A rule may hold the process for a while: others get their turn in between.
    await setImmediate();
    try {
      if (evaluateCondition(condition, facts)) return node;
    } catch {
      // Said where the team is saved; here the next rule counts.
    }
  }
  return null;
}
