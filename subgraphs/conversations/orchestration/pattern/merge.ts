import type { ParallelTeam } from '#core/agent/team-definition';
import type { JsonValue } from '#core/model/model.port';
import { type NodeOutput, workAtNode } from '../node-work.ts';
import type { VisitOutput } from '../visit.ts';
import { inputText, sayAll, type Team, textInput } from './team.ts';

/** Makes one answer of the results of branches, which are in the order of the branches. */
export async function merge(team: Team, flow: ParallelTeam, results: readonly NodeOutput[]): Promise<VisitOutput> {
  switch (flow.merge) {
    case 'CONCAT':
      return sayAll(team, concat(results));
    case 'MERGE': {
      // A text of no form has no value: nothing of it is lost so.
      if (results.some(({ value }) => value === null)) return sayAll(team, concat(results));
      const value = mergeValues(results.map((result) => result.value));
      return sayAll(team, { text: JSON.stringify(value, null, 2), value });
    }
    case 'VOTE':
      return sayAll(team, vote(results));
    case 'AGENT': {
      const given = [await inputText(team), ...results.map(({ name, text }) => `${name}:\n${text}`)].join('\n\n');
      const node = team.node(flow.mergeNode ?? '');
      return workAtNode(team, { node, key: 'merge', input: textInput(given), speaker: team.speaker });
    }
  }
}

/** With several results, each below the name of the agent that it is of. */
function concat(results: readonly NodeOutput[]): VisitOutput {
  const [only] = results;
  if (only && results.length === 1) return { text: only.text, value: only.value };
  return { text: results.map(({ name, text }) => `**${name}**\n\n${text}`).join('\n\n'), value: null };
}

/** Objects become one, lists one after the other; of anything else the later one counts. */
export function mergeValues(values: readonly JsonValue[]): JsonValue {
  let merged: JsonValue = null;
  for (const value of values) merged = mergeTwo(merged, value);
  return merged;
}

function mergeTwo(one: JsonValue, other: JsonValue): JsonValue {
  if (other === null) return one;
  if (Array.isArray(one) && Array.isArray(other)) return [...one, ...other];
  if (!isObject(one) || !isObject(other)) return other;
  const merged = new Map(Object.entries(one));
  for (const [key, value] of Object.entries(other)) merged.set(key, mergeTwo(merged.get(key) ?? null, value));
  return Object.fromEntries(merged);
}

const isObject = (value: JsonValue): value is { [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The answer that most gave, whatever its case and spaces; with a tie, the one that was given first. */
export function vote<Result extends VisitOutput>(results: readonly Result[]): Result {
  const votes = new Map<string, { result: Result; count: number }>();
  for (const result of results) {
    const ballot = result.text
      .trim()
      .toLowerCase()
      .replace(/\s+/g, ' ')
      .replace(/[.!]+$/, '');
    const counted = votes.get(ballot) ?? { result, count: 0 };
    counted.count += 1;
    votes.set(ballot, counted);
  }
  const [first, ...rest] = votes.values();
  if (!first) throw new Error('There is no vote without a result.');
  return rest.reduce((best, each) => (each.count > best.count ? each : best), first).result;
}
