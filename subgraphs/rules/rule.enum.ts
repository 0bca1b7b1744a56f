import { registerEnumType } from 'type-graphql';
import { EXPIRY_DECISIONS } from '#core/agent/tool-grant';
import { FAIL_MODES, RULE_SCOPES, RULE_STAGES } from '#core/rule/rule';
import { PRIORITY_LEVELS, ROUTE_STRATEGIES, RULE_DETECTORS } from '#core/rule/rule-action';

/** An enum whose values are their own names. */
const enumOf = <Value extends string>(values: readonly Value[]) =>
  Object.fromEntries(values.map((value) => [value, value])) as { [Each in Value]: Each };

export const RuleStageEnum = enumOf(RULE_STAGES);
export const RuleScopeKindEnum = enumOf(RULE_SCOPES);
export const FailModeEnum = enumOf(FAIL_MODES);
export const DetectorEnum = enumOf(RULE_DETECTORS);
export const RouteStrategyEnum = enumOf(ROUTE_STRATEGIES);
export const PriorityLevelEnum = enumOf(PRIORITY_LEVELS);
export const RuleExpiryEnum = enumOf(EXPIRY_DECISIONS);
export const RouteTargetKindEnum = enumOf(['AGENT', 'USER']);
export const RuleOutcomeEnum = enumOf(['PASSED', 'ALLOWED', 'BLOCKED', 'ENDED', 'APPROVAL']);
export const RuleResultEnum = enumOf(['MATCHED', 'NOT_MATCHED', 'FAILED', 'NOT_IN_FORCE', 'SKIPPED']);
export const RuleChangeKindEnum = enumOf(['ADDED', 'REMOVED', 'CHANGED']);
export const RuleWarningCodeEnum = enumOf(['UNREACHABLE', 'SHADOWS', 'CONTRADICTS']);
export const RuleActionKindEnum = enumOf([
  'ALLOW',
  'BLOCK',
  'REDACT',
  'REPLACE',
  'REQUIRE_APPROVAL',
  'ROUTE',
  'SET_PRIORITY',
  'TAG',
  'NOTIFY',
  'START_TASK',
  'END_CONVERSATION',
]);

registerEnumType(RuleStageEnum, {
  name: 'RuleStage',
  description: 'When a rule is looked at.',
  valuesConfig: {
    INPUT: { description: 'Before an agent is shown a message.' },
    ROUTING: { description: 'When it is decided who answers a message.' },
    TOOL_CALL: { description: 'Before a tool is called.' },
    OUTPUT: { description: 'Before anybody is shown what an agent says.' },
    EVENT: { description: 'When something happens, or fails to happen for some time.' },
  },
});

registerEnumType(RuleScopeKindEnum, { name: 'RuleScopeKind', description: 'What a rule is about.' });

registerEnumType(FailModeEnum, {
  name: 'RuleFailMode',
  description: 'What becomes of a rule whose condition cannot be evaluated.',
  valuesConfig: {
    OPEN: { description: 'It is passed over.' },
    CLOSED: { description: 'It counts as true; but ALLOW lets nothing pass then.' },
  },
});

registerEnumType(DetectorEnum, {
  name: 'RuleDetector',
  description: 'What can be found in a text without a pattern for it.',
  valuesConfig: {
    EMAIL: { description: 'Addresses of e-mail.' },
    PHONE: { description: 'Numbers of telephones.' },
    CARD: { description: 'Numbers of payment cards, by their checksum.' },
    IBAN: { description: 'International bank account numbers, by their checksum.' },
    SECRET: { description: 'Keys, tokens and passwords.' },
  },
});

registerEnumType(RouteStrategyEnum, {
  name: 'RouteStrategy',
  description: 'How one of several is chosen. Whoever cannot answer, or keeps failing, is passed over.',
  valuesConfig: {
    FIRST: { description: 'The first that can answer.' },
    ROUND_ROBIN: { description: 'The one whose turn is longest ago.' },
    LEAST_LOADED: { description: 'The one with the least under way.' },
    WEIGHTED: { description: 'By chance, as their weights say.' },
  },
});

registerEnumType(PriorityLevelEnum, {
  name: 'ConversationPriority',
  description: 'How soon what a conversation asks for is worked on.',
});
registerEnumType(RuleExpiryEnum, { name: 'RuleExpiryDecision', description: 'What becomes of what nobody decided.' });
registerEnumType(RouteTargetKindEnum, { name: 'RouteTargetKind', description: 'Who can be made to answer.' });

registerEnumType(RuleOutcomeEnum, {
  name: 'RuleOutcome',
  description: 'What became of what the rules were asked about.',
  valuesConfig: {
    PASSED: { description: 'It goes on, with whatever the actions change.' },
    ALLOWED: { description: 'It goes on: a rule makes an exception from those of lower priority.' },
    BLOCKED: { description: 'It goes no further.' },
    ENDED: { description: 'It goes no further, and its conversation has ended.' },
    APPROVAL: { description: 'A person has to agree first.' },
  },
});

registerEnumType(RuleResultEnum, {
  name: 'RuleResult',
  description: 'What became of one rule.',
  valuesConfig: {
    MATCHED: { description: 'Its condition is true.' },
    NOT_MATCHED: { description: 'Its condition is false.' },
    FAILED: { description: 'Its condition cannot be evaluated; `failMode` says whether it counts.' },
    NOT_IN_FORCE: { description: 'It counts at other times.' },
    SKIPPED: { description: 'A rule before it has decided.' },
  },
});

registerEnumType(RuleChangeKindEnum, { name: 'RuleChangeKind', description: 'What became of a setting.' });

registerEnumType(RuleWarningCodeEnum, {
  name: 'RuleWarningCode',
  description: 'What is doubtful about a rule beside the others.',
  valuesConfig: {
    UNREACHABLE: { description: 'Another rule decides before it, always.' },
    SHADOWS: { description: 'It decides before another rule, always.' },
    CONTRADICTS: { description: 'Another rule wants the opposite under the same condition.' },
  },
});

registerEnumType(RuleActionKindEnum, { name: 'RuleActionKind', description: 'What a rule can do.' });
