import type { RawTransaction } from '#core/database/transaction';
import type { Named } from '../peer-directory.ts';
import { chooseResponder } from '../responder.ts';
import { silencedAgents } from './takeover-row.ts';

/**
 * Which of the agents that can answer a message does, of a room where some may be silent. Whoever is mentioned is meant:
 * nobody answers in the place of one that is silent, so that it can be one of those.
 */
export async function answeringAgent(
  tx: Pick<RawTransaction, '$queryRaw'>,
  roomId: string,
  text: string,
  able: readonly Named[],
): Promise<string | null> {
  const silenced = await silencedAgents(
    tx,
    roomId,
    able.map(({ id }) => id),
  );
  const isSilent = ({ id }: Named) => silenced.has(id);
  return chooseResponder(text, [...able.filter((agent) => !isSilent(agent)), ...able.filter(isSilent)])?.id ?? null;
}
