import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<string>();

/** Runs `work` with every scoped query in it, at any depth, confined to the organization. */
export function runInOrg<T>(orgId: string, work: () => Promise<T>): Promise<T> {
  // Prisma's promises are lazy: without `await` inside, the query would start outside of the organization.
  return storage.run(orgId, async () => await work());
}

/** The organization that the current work is confined to, or undefined outside of one. */
export const currentOrgId = (): string | undefined => storage.getStore();

/** @throws Error where no organization was set: a fault of ours, never of the caller. */
export function requireOrgId(): string {
  const orgId = storage.getStore();
  if (!orgId) throw new Error('A query on rows of an organization ran outside of any organization.');
  return orgId;
}
