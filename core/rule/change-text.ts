import { DETECTORS } from '#core/guard/detectors';
import { detectPattern } from '#core/guard/pattern';
import { StreamGuard } from '#core/guard/stream-guard';
import type { RuleActionOf } from './rule-action.ts';
import { actionsOf, type RuleDecision } from './rule-decision.ts';

/** What a whole text becomes by a decision: redacted and replaced, in the order of the rules. */
export function changeText(text: string, decision: Pick<RuleDecision, 'actions'>): string {
  let changed = text;
  for (const { rule, action } of actionsOf(decision, 'REDACT', 'REPLACE')) {
    changed = action.kind === 'REPLACE' ? action.with : redact(changed, action, rule.id);
  }
  return changed;
}

function redact(text: string, { detectors, patterns, replacement }: RuleActionOf<'REDACT'>, id: string): string {
  const guard = new StreamGuard([
    {
      id,
      detectors: [...detectors.map((name) => DETECTORS[name]), ...patterns.map(detectPattern)],
      action: { kind: 'REDACT', replacement },
      failMode: 'CLOSED',
    },
  ]);
  return guard.push(text) + guard.end();
}
