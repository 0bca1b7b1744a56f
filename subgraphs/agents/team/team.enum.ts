import { registerEnumType } from 'type-graphql';
import {
  BRANCH_FAILURES,
  HANDOFF_HISTORIES,
  HANDOFF_RETURNS,
  INPUT_SOURCES,
  JOINS,
  MERGES,
  PATTERNS,
  SELECTIONS,
  SPEAKER_CHOICES,
  STEP_FAILURES,
} from '#core/agent/team-definition';

const enumOf = <Value extends string>(name: string, values: readonly Value[], description: string) => {
  const object = Object.fromEntries(values.map((value) => [value, value])) as { [Each in Value]: Each };
  registerEnumType(object, { name, description });
  return object;
};

export const InputSourceEnum = enumOf(
  'TeamInputSource',
  INPUT_SOURCES,
  'What a node is given: the last output, all of them, or a text with places for them.',
);
export const StepFailureEnum = enumOf(
  'TeamStepFailure',
  STEP_FAILURES,
  'What becomes of a sequence whose step has failed.',
);
export const HandoffHistoryEnum = enumOf(
  'HandoffHistory',
  HANDOFF_HISTORIES,
  'How much of what was said goes along when the conversation is handed over.',
);
export const HandoffReturnEnum = enumOf(
  'HandoffReturn',
  HANDOFF_RETURNS,
  'Who has the conversation afterwards: whoever has it, whoever handed it over, or the first agent from the next message on.',
);
export const JoinEnum = enumOf('TeamJoin', JOINS, 'How many branches have to succeed.');
export const MergeEnum = enumOf('TeamMerge', MERGES, 'How one answer is made of the results of branches.');
export const BranchFailureEnum = enumOf(
  'TeamBranchFailure',
  BRANCH_FAILURES,
  'Whether the other branches go on when one has failed: what they made is kept either way.',
);
export const SelectionEnum = enumOf(
  'TeamSelection',
  SELECTIONS,
  'How one is chosen among nodes that stand for one another.',
);
export const SpeakerChoiceEnum = enumOf('TeamSpeakerChoice', SPEAKER_CHOICES, 'How the next speaker is picked.');

export const PatternEnum = enumOf('TeamPattern', PATTERNS, 'How the agents of a team work together.');
