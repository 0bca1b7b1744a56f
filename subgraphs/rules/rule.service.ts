import { z } from 'zod';
import type { Bus } from '#core/bus/bus';
import type { Database } from '#core/database/database';
import type { ScopedTransaction } from '#core/database/scoped-client';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { badInputs, conflict, notFound } from '#core/error';
import { newId } from '#core/id';
import type { RuleContent } from '#core/rule/rule';
import { publishRuleChange } from '#core/rule/rule-change';
import { validate } from '#core/validate';
import { requirePermission, type Viewer } from '#core/viewer';
import { type RuleEventPayload, type RuleEventType, ruleEvent } from './rule.event.ts';
import { text } from './rule-action.schema.ts';
import { contentProblems, RULE_LIMITS, ruleFields, withFields } from './rule-content.schema.ts';
import { diffRules } from './rule-diff.ts';
import type { RuleReferences } from './rule-reference.ts';
import { assertVersion, columnsOf, contentOf, findRule, lockBook, placed, type RuleRow } from './rule-row.ts';
import { type RuleWarning, warningsOf } from './rule-warning.ts';

/** More rules than people keep track of; an evaluation of all of them still takes a few milliseconds. */
const MAX_RULES = 2_000;

const note = text(RULE_LIMITS.note).trim().nullish();

const newRule = ruleFields
  .required({ name: true, stage: true, actions: true })
  .extend({ enabled: z.boolean().nullish(), note });

const ruleEdit = ruleFields.extend({ ruleId: z.string(), expectedVersion: z.int().nullish(), note });

const rollBackRequest = z.object({ ruleId: z.string(), version: z.int(), note });

/** A rule after a change, with what is doubtful about it now. */
export interface ChangedRule {
  rule: RuleRow;
  warnings: RuleWarning[];
}

/** Makes and changes rules. Each change of what one says is a version; whoever changes rules of an organization takes turns. */
export class RuleService {
  constructor(
    private readonly database: Pick<Database, 'scoped'>,
    private readonly transactions: Transactions,
    private readonly references: RuleReferences,
    private readonly bus: Bus,
  ) {}

  async create(viewer: Viewer, input: unknown): Promise<ChangedRule> {
    requirePermission(viewer, 'rules:write');
    const { enabled, note, ...fields } = validate(newRule, input);
    const content = withFields(fields);
    await this.check(viewer, content);
    return this.change(viewer, async (unit) => {
      if ((await unit.tx.rule.count()) >= MAX_RULES) {
        throw conflict(`An organization has at most ${MAX_RULES.toLocaleString('en')} rules: delete one first.`);
      }
      const [id, versionId] = [newId(), newId()];
      const rule = await unit.tx.rule.create({
        data: { id, versionId, ...columnsOf(content), enabled: enabled ?? true, createdById: viewer.userId },
      });
      await this.writeVersion(unit.tx, viewer, rule, content, { note: note ?? '' });
      await this.tell(unit, viewer, 'rule.created', rule);
      return rule;
    });
  }

  /** Changes the given parts, as a new version. Where nothing differs, nothing happens. */
  async update(viewer: Viewer, input: unknown): Promise<ChangedRule> {
    requirePermission(viewer, 'rules:write');
    const { ruleId, expectedVersion, note, ...fields } = validate(ruleEdit, input);
    const seen = await findRule(this.database.scoped, viewer, ruleId);
    assertVersion(seen, expectedVersion);
    const content = withFields(fields, contentOf(seen));
    // Others are asked before the transaction, which keeps all other changes waiting.
    await this.check(viewer, content);
    return this.change(viewer, async (unit) => {
      const row = await findRule(unit.tx, viewer, ruleId);
      assertVersion(row, seen.version);
      const changed = diffRules(contentOf(row), content).map(({ path }) => path);
      if (changed.length === 0) return row;
      return this.replace(unit, viewer, row, content, { note: note ?? '' }, { type: 'rule.updated', changed });
    });
  }

  /** Makes what an earlier version says the newest one. It is checked as if it were new. */
  async rollBack(viewer: Viewer, input: unknown): Promise<ChangedRule> {
    requirePermission(viewer, 'rules:write');
    const { ruleId, version, note } = validate(rollBackRequest, input);
    const seen = await findRule(this.database.scoped, viewer, ruleId);
    const earlier = await this.database.scoped.ruleVersion.findFirst({ where: { ruleId, number: version } });
    if (!earlier) throw notFound(`version ${version} of this rule`);
    const content = contentOf(earlier);
    await this.check(viewer, content);
    return this.change(viewer, async (unit) => {
      const row = await findRule(unit.tx, viewer, ruleId);
      assertVersion(row, seen.version);
      const changed = diffRules(contentOf(row), content).map(({ path }) => path);
      if (changed.length === 0) throw conflict(`The rule says the same as its version ${version}.`);
      const remarks = { note: note ?? '', restoredFrom: version };
      return this.replace(unit, viewer, row, content, remarks, { type: 'rule.rolled_back', changed });
    });
  }

  /** Puts a rule into force or out of it. Repeating it changes nothing. */
  async setEnabled(viewer: Viewer, ruleId: string, enabled: boolean): Promise<ChangedRule> {
    requirePermission(viewer, 'rules:write');
    return this.change(viewer, async (unit) => {
      const row = await findRule(unit.tx, viewer, ruleId);
      if (row.enabled === enabled) return row;
      const rule = await unit.tx.rule.update({ where: { id: row.id }, data: { enabled } });
      await this.tell(unit, viewer, enabled ? 'rule.enabled' : 'rule.disabled', rule);
      return rule;
    });
  }

  /** Deletes a rule with its versions. What it has decided stays known. */
  async delete(viewer: Viewer, ruleId: string): Promise<string> {
    requirePermission(viewer, 'rules:write');
    const { rule } = await this.change(viewer, async (unit) => {
      const row = await findRule(unit.tx, viewer, ruleId);
      await unit.tx.rule.delete({ where: { id: row.id } });
      await this.tell(unit, viewer, 'rule.deleted', row);
      return row;
    });
    return rule.id;
  }

  private async change(viewer: Viewer, work: (unit: ScopedUnit) => Promise<RuleRow>): Promise<ChangedRule> {
    return this.transactions.scoped(async (unit) => {
      await lockBook(unit.tx);
      const rule = await work(unit);
      const others = await unit.tx.rule.findMany({
        where: { stage: rule.stage, enabled: true, id: { not: rule.id } },
        orderBy: [{ priority: 'desc' }, { id: 'asc' }],
      });
      unit.afterCommit(() => publishRuleChange(this.bus, viewer.orgId));
      return { rule, warnings: rule.enabled ? warningsOf(placed(rule), others.map(placed)) : [] };
    });
  }

  private async check(viewer: Viewer, content: RuleContent): Promise<void> {
    const problems = contentProblems(content, 'input');
    if (problems.length > 0) throw badInputs(problems);
    const unknown = await this.references.problems(viewer, content, 'input');
    if (unknown.length > 0) throw badInputs(unknown);
  }

  private async replace(
    unit: ScopedUnit,
    viewer: Viewer,
    row: RuleRow,
    content: RuleContent,
    remarks: Remarks,
    { type, changed }: { type: RuleEventType; changed: string[] },
  ): Promise<RuleRow> {
    const data = { ...columnsOf(content), versionId: newId(), version: row.version + 1 };
    const rule = await unit.tx.rule.update({ where: { id: row.id }, data });
    await this.writeVersion(unit.tx, viewer, rule, content, remarks);
    const { restoredFrom } = remarks;
    await this.tell(unit, viewer, type, rule, { changed, ...(restoredFrom && { restoredFrom }) });
    return rule;
  }

  private async writeVersion(
    tx: ScopedTransaction,
    viewer: Viewer,
    { id: ruleId, versionId, version }: RuleRow,
    content: RuleContent,
    { note, restoredFrom }: Remarks,
  ): Promise<void> {
    await tx.ruleVersion.create({
      data: {
        id: versionId,
        ruleId,
        number: version,
        content: { ...content },
        note,
        authorId: viewer.userId,
        restoredFrom: restoredFrom ?? null,
      },
    });
  }

  private tell(
    unit: ScopedUnit,
    viewer: Viewer,
    type: RuleEventType,
    { id, name, stage, version }: RuleRow,
    more: Partial<RuleEventPayload> = {},
  ): Promise<void> {
    return unit.emit(ruleEvent(viewer, type, { ruleId: id, name, stage, version, ...more }));
  }
}

interface Remarks {
  note: string;
  restoredFrom?: number;
}
