import type { Kernel } from '#core/kernel';
import { batch } from './batch.ts';
import { callWebhook } from './call-webhook.ts';
import { chain } from './chain.ts';
import type { TaskKind } from './kind.ts';
import { runAgent } from './run-agent.ts';

/** Every kind of work that there is, by its name. */
export type TaskKinds = ReadonlyMap<string, TaskKind>;

/** A new kind is a file, and a line here. */
export function createKinds({ peers, outbound }: Pick<Kernel, 'peers' | 'outbound'>): TaskKinds {
  const kinds = [runAgent(peers), callWebhook(outbound), batch, chain];
  return new Map(kinds.map((kind) => [kind.name, kind]));
}
