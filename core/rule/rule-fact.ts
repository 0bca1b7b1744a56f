import type { ConditionFacts } from '#core/condition/condition';
import type { RuleScopeKind, RuleStage } from './rule.ts';

/** One thing that conditions may be about. */
export interface RuleFact {
  /** In the Common Expression Language. */
  type: ConditionFacts[string];
  description: string;
}

const MOMENT = {
  hour: { type: 'int', description: 'The hour of the day in UTC, 0 to 23.' },
  weekday: { type: 'int', description: 'The day of the week in UTC, from 0 for Sunday.' },
} as const;

const ROOM = {
  roomId: { type: 'string', description: 'The id of the conversation.' },
  room: { type: 'string', description: 'Its title; empty where it has none.' },
  tags: { type: 'list<string>', description: 'What rules have tagged the conversation with.' },
  priority: { type: 'string', description: 'The priority of the conversation: LOW, NORMAL, HIGH or URGENT.' },
} as const;

const AUTHOR = {
  authorId: { type: 'string', description: 'The id of the person or service account who wrote the message.' },
  author: { type: 'string', description: 'The name of whoever wrote the message.' },
} as const;

const AGENT = {
  agentId: { type: 'string', description: 'The id of the agent.' },
  agent: { type: 'string', description: 'The name of the agent.' },
} as const;

const FACTS = {
  INPUT: {
    text: { type: 'string', description: 'The text of the message, before any agent has seen it.' },
    files: { type: 'list<string>', description: 'The media types of its files, such as image/png.' },
    ...AUTHOR,
    ...AGENT,
    ...ROOM,
    ...MOMENT,
  },
  ROUTING: {
    text: { type: 'string', description: 'The text of the message that somebody is to answer.' },
    ...AUTHOR,
    agents: { type: 'list<string>', description: 'The names of the agents of the conversation that can answer.' },
    mentioned: { type: 'string', description: 'The name of the agent that the message mentions; empty where none.' },
    ...ROOM,
    ...MOMENT,
  },
  TOOL_CALL: {
    tool: { type: 'string', description: 'The name of the tool.' },
    args: { type: 'map<string, dyn>', description: 'The arguments of the call, such as args.amount.' },
    text: { type: 'string', description: 'The text of the message that is being answered.' },
    ...AUTHOR,
    ...AGENT,
    ...ROOM,
    ...MOMENT,
  },
  OUTPUT: {
    text: {
      type: 'string',
      description: 'What the agent says: while it streams, the stretch that is to be shown next.',
    },
    found: {
      type: 'list<string>',
      description: 'What the detectors find in that stretch, by their names: EMAIL, PHONE, CARD, IBAN, SECRET.',
    },
    input: { type: 'string', description: 'The text of the message that is being answered.' },
    ...AUTHOR,
    ...AGENT,
    ...ROOM,
    ...MOMENT,
  },
  EVENT: {
    event: { type: 'string', description: 'What happened: `unanswered` while a message of a person has no answer.' },
    minutes: { type: 'int', description: 'For how many whole minutes nobody has answered.' },
    text: { type: 'string', description: 'The text of the message that waits for an answer.' },
    ...AUTHOR,
    ...ROOM,
    ...MOMENT,
  },
} as const satisfies Record<RuleStage, Record<string, RuleFact>>;

/** The facts of each stage, with what they mean. */
export const RULE_FACTS: Readonly<Record<RuleStage, Readonly<Record<string, RuleFact>>>> = FACTS;

interface FactTypes {
  string: string;
  int: bigint;
  double: number;
  bool: boolean;
  'list<string>': readonly string[];
  'map<string, dyn>': Readonly<Record<string, unknown>>;
}

/** The facts of a stage, as they are handed to `evaluateRules`. Whole numbers are bigints. */
export type FactsOf<Stage extends RuleStage> = {
  readonly [Name in keyof (typeof FACTS)[Stage]]: (typeof FACTS)[Stage][Name] extends { type: infer Type }
    ? FactTypes[Type & keyof FactTypes]
    : never;
};

const typesOf = (facts: Readonly<Record<string, RuleFact>>): ConditionFacts =>
  Object.fromEntries(Object.entries(facts).map(([name, { type }]) => [name, type]));

/** What conditions of a stage may be about, with types. */
export const STAGE_FACTS: Readonly<Record<RuleStage, ConditionFacts>> = {
  INPUT: typesOf(FACTS.INPUT),
  ROUTING: typesOf(FACTS.ROUTING),
  TOOL_CALL: typesOf(FACTS.TOOL_CALL),
  OUTPUT: typesOf(FACTS.OUTPUT),
  EVENT: typesOf(FACTS.EVENT),
};

/** The fact that says which rules of a scope are about what is at hand. */
export const SCOPE_FACTS = {
  AGENT: 'agentId',
  CONVERSATION: 'roomId',
  TOOL: 'tool',
} as const satisfies Record<Exclude<RuleScopeKind, 'ORG'>, string>;

/** The hour and the weekday of a moment, as facts. */
export const momentFacts = (at: Date): { hour: bigint; weekday: bigint } => ({
  hour: BigInt(at.getUTCHours()),
  weekday: BigInt(at.getUTCDay()),
});
