import type { Branch } from '#prisma/generated/client';

/** A part of a history: what a branch wrote, before a place in the room where one is given. */
export interface Segment {
  /** Null for what was written before the first branch. */
  branchId: string | null;
  before: bigint | null;
}

export type BranchFork = Pick<Branch, 'id' | 'parentId' | 'forkPosition'>;

/** A message's place. */
export interface Place {
  branchId: string | null;
  position: bigint;
}

/** What is shown of a room where a branch is selected, the newest part first. Pure. */
export function pathOf(branches: readonly BranchFork[], branchId: string | null): Segment[] {
  const byId = new Map(branches.map((branch) => [branch.id, branch]));
  const path: Segment[] = [{ branchId, before: null }];
  for (let fork = branchId && byId.get(branchId); fork; fork = fork.parentId && byId.get(fork.parentId)) {
    path.push({ branchId: fork.parentId, before: fork.forkPosition });
  }
  return path;
}

/** Whether a message is part of a history. Pure. */
export const isOn = (path: readonly Segment[], { branchId, position }: Place): boolean =>
  path.some((part) => part.branchId === branchId && (part.before === null || position < part.before));

/** The newest branch whose history a message is part of; null for what was there before the first. Pure. */
export function newestWith(branches: readonly BranchFork[], place: Place): string | null {
  const newestFirst = [...branches].sort((one, other) => (one.id < other.id ? 1 : -1));
  return newestFirst.find(({ id }) => isOn(pathOf(branches, id), place))?.id ?? null;
}
