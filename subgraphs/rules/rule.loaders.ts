import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import { perRequest, type RequestContext } from '#core/request-context';
import type { RuleRow } from './rule-row.ts';

/** Reads of one request, each confined to the viewer's organization. */
export interface RuleLoaders {
  rule: DataLoader<string, RuleRow | null>;
}

export const createRuleLoaders = ({ scoped }: Pick<Database, 'scoped'>): ((context: RequestContext) => RuleLoaders) =>
  perRequest(() => ({
    rule: new DataLoader(async (ids: readonly string[]) => {
      const rows = await scoped.rule.findMany({ where: { id: { in: [...ids] } } });
      return ids.map((id) => rows.find((row) => row.id === id) ?? null);
    }),
  }));
