import type { TeamNode } from '#core/agent/team-definition';
import type { ModelTurn } from '#core/model/model.port';
import type { ContextTurn } from '../../context/fit-turns.ts';
import { exchangeStepOf, ownExchange } from '../../context/own-exchange.ts';
import { inputTurns } from '../answer.ts';
import { type NodeOutput, workAtNode } from '../node-work.ts';
import { inputText, type Team } from './team.ts';
import { speakInTurn } from './turn-message.ts';

/** Where a discussion takes place. */
export interface Floor {
  /** Lets the agent at a node speak, shown all that was said so far. @throws StepFailure */
  speak(node: TeamNode, key: string): Promise<NodeOutput>;
  /** The discussion as whoever leads it hears it. */
  heard(): Promise<ContextTurn[]>;
  /** Whether somebody wants to speak who goes before agents. */
  isInterrupted(): Promise<boolean>;
}

/** The room itself where it is the room that the team answers; elsewhere the team is by itself. */
export const openFloor = (team: Team): Promise<Floor> =>
  team.path === '' ? Promise.resolve(roomFloor(team)) : privateFloor(team);

const roomFloor = (team: Team): Floor => ({
  speak: (node, key) => speakInTurn(team, node, key),
  heard: () => inputTurns(team),
  isInterrupted: () => team.scope.room.hasBeenInterrupted(),
});

/** What one has said on a floor of its own. */
interface Said {
  node: string;
  output: NodeOutput;
  /** How the speaker came to it: nobody else's business. */
  exchange: ModelTurn[] | null;
}

/** What the team was given begins the discussion, and nobody hears of it but whom the team works for. */
async function privateFloor(team: Team): Promise<Floor> {
  const [given, task] = [await inputTurns(team), await inputText(team)];
  const said: Said[] = [];
  const heardBy = (node: string | null): ContextTurn[] => [
    ...given,
    ...said.flatMap((each): ContextTurn[] => {
      if (each.node !== node) return [asUser(lineOf(each))];
      return each.exchange ?? [{ role: 'model', parts: [{ type: 'text', text: each.output.text }] }];
    }),
    ...(said.at(-1)?.node === node ? [asUser('It is your turn again.')] : []),
  ];
  return {
    async speak(node, key) {
      const text = [task, ...said.map(lineOf)].join('\n\n');
      const input = { kind: 'TURNS' as const, turns: heardBy(node.key), text, isAmongSeveral: true };
      const output = await workAtNode(team, { node, key, input });
      said.push({ node: node.key, output, exchange: exchangeAt(team, key, output.text) });
      return output;
    },
    heard: () => Promise.resolve(heardBy(null)),
    isInterrupted: () => Promise.resolve(false),
  };
}

const asUser = (text: string): ContextTurn => ({ role: 'user', parts: [{ type: 'text', text }] });

/** As the lines of agents are in a room. */
const lineOf = ({ output: { name, text } }: Said): string => `${name} (agent): ${text}`;

function exchangeAt({ path, scope: { journal } }: Team, key: string, written: string): ModelTurn[] | null {
  const place = journal.find(`${path}${key}`);
  return place
    ? ownExchange(
        journal.below(place.id).map((step) => exchangeStepOf(step, place.key)),
        written,
      )
    : null;
}
