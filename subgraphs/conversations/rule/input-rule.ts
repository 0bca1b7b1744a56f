import type { RawTransaction } from '#core/database/transaction';
import { newId } from '#core/id';
import { changeText } from '#core/rule/change-text';
import { evaluateWithJudge } from '#core/rule/evaluate-rules';
import { actionsOf, isWorthKeeping, type RuleDecision } from '#core/rule/rule-decision';
import type { Run } from '#prisma/generated/client';
import { holdsRun } from '../orchestration/held-run.ts';
import type { Visit } from '../orchestration/visit.ts';
import { RunFailure } from '../run/run-failure.ts';
import { judgeOf } from './judge.ts';

/** Why a run does not begin, as it is stored. */
interface Refusal {
  code: string;
  message: string;
}

/**
 * Asks the rules about the message that an agent is to answer, before its model is shown anything of it. What they change of
 * it is what models see of it from then on. Decided once for each beginning by a person: what is begun again by itself goes
 * by the same decision.
 * @throws RunFailure `RULE_BLOCKED` or `CONVERSATION_ENDED` with what people are told
 */
export async function ruleOnInput(visit: Visit): Promise<void> {
  const {
    agent,
    scope: { rules },
  } = visit;
  const { run, options } = rules;
  const round = run.earlierAttempts;
  const [set, rulings] = await Promise.all([
    rules.set(),
    options.database.scoped.messageRuling.findMany({ where: { messageId: run.triggerMessageId } }),
  ]);
  const own = rulings.find((ruling) => ruling.runId === run.id && ruling.round === round);
  if (own) return refuseAgain(own.refusal);
  if (!set.has('INPUT') && rulings.length === 0) return;
  const facts = await rules.factsOf(agent);
  const decision = await evaluateWithJudge(set, 'INPUT', facts, judgeOf(visit, `judge/${round}`, facts.text));
  // Where nothing is wanted any more, what was decided before has to be taken back.
  if (!isWorthKeeping(decision) && rulings.length === 0) return;
  const refusal = refusalOf(decision);
  const changed = changeText(facts.text, decision);
  await options.transactions.direct(async (unit) => {
    if (!(await holdsRun(run, unit))) return;
    await insertRuling(unit.tx, run, { round, refusal, shownText: changed === facts.text ? null : changed });
    await rules.write(unit, decision, { agentId: agent.id });
  });
  refuseAgain(refusal);
}

/** @throws RunFailure where there is a refusal */
function refuseAgain(stored: unknown): void {
  const refusal = stored as Refusal | null;
  if (refusal) throw new RunFailure(refusal.code, refusal.message, false);
}

function refusalOf(decision: RuleDecision): Refusal | null {
  const [stop] = actionsOf(decision, 'BLOCK', 'END_CONVERSATION');
  if (!stop) return null;
  const { kind, message } = stop.action;
  return { code: kind === 'BLOCK' ? 'RULE_BLOCKED' : 'CONVERSATION_ENDED', message };
}

async function insertRuling(
  tx: RawTransaction,
  { id: runId, triggerMessageId, orgId }: Run,
  { round, refusal, shownText }: { round: number; refusal: Refusal | null; shownText: string | null },
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO message_rulings (id, org_id, message_id, run_id, round, refusal, shown_text)
    VALUES (${newId()}::uuid, ${orgId}::uuid, ${triggerMessageId}::uuid, ${runId}::uuid, ${round},
            ${refusal && JSON.stringify(refusal)}::jsonb, ${shownText})`;
}
