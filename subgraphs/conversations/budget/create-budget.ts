import type { Kernel } from '#core/kernel';
import type { PeerDirectory } from '../peer-directory.ts';
import type { RoomTurns } from '../room-turn.ts';
import { RoomWriter } from '../room-writer.ts';
import type { RunService } from '../run.service.ts';
import { BudgetWaits } from './budget-wait.ts';
import { TokenBudget } from './token-budget.ts';
import { TokenLimitResolver } from './token-limit.resolver.ts';
import { TokenLimitService } from './token-limit.service.ts';

export interface BudgetOptions {
  kernel: Kernel;
  directory: PeerDirectory;
  turns: RoomTurns;
  runs: RunService;
}

/** Composes the limits of tokens: how they are set, held, and waited for. */
export function createBudget({ kernel, directory, turns, runs }: BudgetOptions) {
  const { database, transactions, streams, models, log } = kernel;
  const rooms = new RoomWriter(transactions, streams, turns);
  const waits = new BudgetWaits({ database, rooms, log, dispatch: (run) => runs.dispatch(run) });
  const onFreed = () => waits.nudge();
  return {
    budget: new TokenBudget(database, transactions, onFreed),
    resolvers: [new TokenLimitResolver(new TokenLimitService({ database, transactions, models, directory, onFreed }))],
    startSweep: () => waits.start(),
  };
}
