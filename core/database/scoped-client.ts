import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from '#prisma/generated/client';
import type { OrgPool } from './org-pool.ts';
import { requireOrgId } from './tenant.ts';

/** Models that carry no `orgId` and that row-level security confines by other means. */
const CONFINED_BY_POLICY = new Set(['Organization', 'User', 'IdempotentEffect']);

const FILTERED = new Set([
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
  'update',
  'updateMany',
  'updateManyAndReturn',
  'delete',
  'deleteMany',
  'upsert',
]);

/** Prisma runs these of one tick together, in the context of the first caller: another organization's, perhaps. */
const BATCHED = new Set(['findUnique', 'findUniqueOrThrow']);

function hasOrgId(model: string): boolean {
  const fields = (Prisma as unknown as Record<string, object | undefined>)[`${model}ScalarFieldEnum`];
  return fields !== undefined && 'orgId' in fields;
}

type Data = Record<string, unknown>;

const withOrg = (orgId: string, data: unknown): unknown =>
  Array.isArray(data) ? data.map((row: Data) => ({ ...row, orgId })) : { ...(data as Data), orgId };

/** `args` with the organization in its filter and in what it writes. */
function confine(operation: string, args: Data, orgId: string): Data {
  const confined: Data = { ...args };
  if (FILTERED.has(operation)) confined.where = { ...(args.where as Data | undefined), orgId };
  if (operation.startsWith('create')) confined.data = withOrg(orgId, args.data);
  if (operation === 'upsert') confined.create = withOrg(orgId, args.create);
  return confined;
}

/**
 * Prisma behind the first wall: every query is confined to the organization of `runInOrg`, and one outside of any is
 * an error. Row-level security is the second wall, and carries nested includes and raw SQL.
 */
export function createScopedClient(pool: OrgPool) {
  const client = new PrismaClient({
    adapter: new PrismaPg(pool),
    omit: { user: { passwordHash: true } },
    transactionOptions: { maxWait: 5_000, timeout: 15_000 },
  });
  const scoped = client.$extends({
    name: 'tenancy',
    query: {
      $allModels: {
        $allOperations({ model, operation, args, query }) {
          const orgId = requireOrgId();
          if (BATCHED.has(operation))
            throw new Error(`${model}.${operation} is batched across callers: use findFirst.`);
          if (CONFINED_BY_POLICY.has(model)) return query(args);
          if (!hasOrgId(model)) throw new Error(`${model} belongs to no organization: use the system client.`);
          return query(confine(operation, args as Data, orgId) as typeof args);
        },
      },
    },
  });
  return new Proxy(scoped, { get: (target, name) => (name === '$transaction' ? begin : Reflect.get(target, name)) });

  function begin(work: unknown, options?: object) {
    if (typeof work !== 'function') {
      throw new Error('A transaction of a list of queries is batched across callers: give it a function.');
    }
    return scoped.$transaction(work as Parameters<typeof scoped.$transaction>[0], options);
  }
}

export type ScopedClient = ReturnType<typeof createScopedClient>;

/** What a transaction of the scoped client offers. */
export type ScopedTransaction = Parameters<Parameters<ScopedClient['$transaction']>[0]>[0];
