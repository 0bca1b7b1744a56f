import type { JsonValue, ModelTurn, ToolDeclaration } from '#core/model/model.port';
import type { ContextTurn } from '../context/fit-turns.ts';
import { refuseIfBlocked } from '../guard/speech-guard.ts';
import { textOf, toolCallsOf } from '../run/ask-model.ts';
import { type GrantedTool, grantOf } from '../tool/tool-grant.ts';
import { type Delegate, declarationOf } from './delegate.ts';
import { inOrder } from './in-order.ts';
import { callModel, turnOf } from './model-step.ts';
import { outputOf } from './picture.ts';
import { readJson } from './read-json.ts';
import { StepFailure } from './run-signal.ts';
import { runTool } from './tool-step.ts';
import type { Visit, VisitOutput } from './visit.ts';

/** Lets the model of an agent answer, with its tools, turn by turn. @throws StepFailure, LimitReached, Suspended */
export async function answer(visit: Visit, own: readonly Delegate[] = []): Promise<VisitOutput> {
  const { agent, allowance, exits } = visit;
  const tools = await toolbox(visit);
  const delegates = new Map([...own, ...(exits?.delegates ?? [])].map((each) => [each.name, each]));
  const declared = [...[...tools.values()].map(({ tool }) => tool), ...delegates.values()].map(declarationOf);
  const turns = await inputTurns(visit, declared);
  // What has to be of a form is shown once it is.
  const speaker = agent.outputSchema ? null : visit.speaker;
  for (let turn = 0; ; turn += 1) {
    allowance.check('maxTurns', turn + 1);
    const said = await callModel(visit, {
      key: `model/${turn}`,
      name: agent.name,
      turns,
      tools: declared,
      speaker,
      ...(agent.outputSchema && declared.length === 0 && { responseSchema: agent.outputSchema }),
    });
    const calls = toolCallsOf(said.parts);
    if (calls.length === 0) return inForm(visit, turns, outputOf(said.parts));
    const results = await inOrder(calls, allowance.bound('maxParallel'), (call, index) => {
      const key = `tool/${turn}.${index}`;
      return delegates.get(call.name)?.run(call, key) ?? runTool(visit, tools.get(call.name), call, key);
    });
    turns.push(turnOf(said), { role: 'tool', parts: results });
    if (exits?.isTaken()) return { text: textOf(said.parts), value: null };
  }
}

/** What an agent is given, as the turns of a conversation. */
export async function inputTurns(visit: Visit, tools: readonly ToolDeclaration[] = []): Promise<ContextTurn[]> {
  const { input, scope } = visit;
  if (input.kind === 'ROOM') return scope.room.turns(visit, tools);
  if (input.kind === 'TURNS') return input.turns.map((turn) => ({ ...turn, parts: [...turn.parts] }));
  return [{ role: 'user', parts: [{ type: 'text', text: input.text }] }];
}

async function toolbox({ agent, scope }: Visit): Promise<Map<string, GrantedTool>> {
  if (agent.tools.length === 0) return new Map();
  const found = await scope.tools.find(
    agent.tools.map(({ name }) => name),
    scope.viewer,
  );
  const approvals = new Map(agent.tools.map(({ name, approval }) => [name, approval]));
  return new Map(found.map((tool) => [tool.name, grantOf(tool, approvals.get(tool.name) ?? null)]));
}

/** Where the answer has to be of a form: checks it, and lets the model mend it once. @throws StepFailure */
export async function inForm(visit: Visit, turns: ModelTurn[], text: string): Promise<VisitOutput> {
  const schema = visit.agent.outputSchema;
  if (!schema) return { text, value: null };
  let problems: string[];
  let said = text;
  let value: JsonValue = null;
  for (let attempt = 0; ; attempt += 1) {
    ({ value, problems } = readJson(said, schema));
    if (problems.length === 0) break;
    if (attempt === 1) throw invalidOutput(problems);
    const repair = `That is not what was asked for: ${problems.join(' ')} Answer again with nothing but the JSON.`;
    const mended = await callModel(visit, {
      key: 'repair',
      name: visit.agent.name,
      turns: [
        ...turns,
        { role: 'model', parts: [{ type: 'text', text: said || '(nothing)' }] },
        { role: 'user', parts: [{ type: 'text', text: repair }] },
      ],
      responseSchema: schema,
      speaker: null,
    });
    said = textOf(mended.parts);
  }
  // Escapes in the JSON may have hidden from rules what is plain in its value.
  const guard = await visit.scope.output.guard(visit.agent, visit.speaker?.before);
  const allowed = guard ? guard.clean(value) : value;
  await visit.scope.output.keep(guard, visit.agent);
  if (guard) refuseIfBlocked(guard, visit.speaker);
  const shown = JSON.stringify(allowed, null, 2);
  visit.speaker?.begin();
  visit.speaker?.say('text', shown);
  return { text: shown, value: allowed };
}

/** An answer that is not of the form that its agent's schema describes. */
export const invalidOutput = (problems: string[]) =>
  new StepFailure({
    code: 'OUTPUT_INVALID',
    message: `The agent's answer does not have the form that was asked for: ${problems.join(' ')}`,
    retryable: true,
  });
