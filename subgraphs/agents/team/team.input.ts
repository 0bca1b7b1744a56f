import { Field, Float, ID, InputType, Int } from 'type-graphql';
import {
  BranchFailureEnum,
  HandoffHistoryEnum,
  HandoffReturnEnum,
  InputSourceEnum,
  JoinEnum,
  MergeEnum,
  SelectionEnum,
  SpeakerChoiceEnum,
  StepFailureEnum,
} from './team.enum.ts';

const MAPPING =
  '`{{input}}` is what the team was given, `{{outputs.KEY}}` what a node put out, `{{outputs.KEY.a.b}}` a part of it.';

@InputType({ description: 'A place in a team at which an agent works.' })
export class TeamNodeInput {
  @Field(() => String, { description: 'What the rest of the team calls it: small letters, digits and _.' })
  key!: string;

  @Field(() => ID, { description: 'An agent, or a team.' })
  agentId!: string;

  @Field(() => Int, { nullable: true, description: 'The version that works; left out, whichever is published.' })
  version?: number | null;

  @Field(() => String, { nullable: true, description: 'What it is good for; left out, the description of its agent.' })
  description?: string | null;
}

@InputType({ description: 'One step of a sequence.' })
export class SequentialStepInput {
  @Field(() => String)
  node!: string;

  @Field(() => InputSourceEnum, { nullable: true, description: 'Left out: LAST, or MAPPING where there is a mapping.' })
  input?: string | null;

  @Field(() => String, { nullable: true, description: MAPPING })
  mapping?: string | null;

  @Field(() => StepFailureEnum, {
    nullable: true,
    description: 'Left out: FALLBACK_AGENT or DEFAULT_VALUE where that is given, else FAIL.',
  })
  onError?: string | null;

  @Field(() => String, { nullable: true, description: 'What counts as the output of a step that failed.' })
  defaultValue?: string | null;

  @Field(() => String, { nullable: true, description: 'The node that works where the step failed.' })
  fallbackNode?: string | null;
}

@InputType({ description: 'One node after the other.' })
export class SequentialTeamInput {
  @Field(() => [SequentialStepInput], { nullable: true, description: 'Left out: all nodes in their order.' })
  steps?: SequentialStepInput[] | null;
}

@InputType({ description: 'The team’s own model answers, with the nodes as its tools.' })
export class SupervisorTeamInput {
  @Field(() => Boolean, { nullable: true, defaultValue: true, description: 'There is nothing to set.' })
  enabled?: boolean | null;
}

@InputType({ description: 'Where the conversation can go from a node.' })
export class HandoffEdgeInput {
  @Field(() => String)
  from!: string;

  @Field(() => String)
  to!: string;

  @Field(() => String, { nullable: true, description: 'When to take it, told to the model.' })
  description?: string | null;
}

@InputType({ description: 'Agents that hand the conversation to one another, along edges.' })
export class HandoffTeamInput {
  @Field(() => String, { nullable: true, description: 'Who begins; left out, the first node.' })
  start?: string | null;

  @Field(() => [HandoffEdgeInput])
  edges!: HandoffEdgeInput[];

  @Field(() => HandoffHistoryEnum, { nullable: true, defaultValue: 'FULL' })
  history?: string | null;

  @Field(() => HandoffReturnEnum, { nullable: true, defaultValue: 'STICKY' })
  returns?: string | null;
}

@InputType({ description: 'One of several that work at the same time.' })
export class ParallelBranchInput {
  @Field(() => String)
  node!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Left out: what the team was given. `{{input}}` stands for that.',
  })
  mapping?: string | null;
}

@InputType({ description: 'Several nodes at once, each for itself.' })
export class ParallelTeamInput {
  @Field(() => [ParallelBranchInput], { nullable: true, description: 'Left out: all nodes but `mergeNode`.' })
  branches?: ParallelBranchInput[] | null;

  @Field(() => JoinEnum, { nullable: true, description: 'Left out: ALL, or N_OF_M where `joinCount` is given.' })
  join?: string | null;

  @Field(() => Int, { nullable: true, description: 'With N_OF_M: how many.' })
  joinCount?: number | null;

  @Field(() => MergeEnum, { nullable: true, description: 'Left out: CONCAT, or AGENT where `mergeNode` is given.' })
  merge?: string | null;

  @Field(() => String, { nullable: true, description: 'The node that makes one answer of the results.' })
  mergeNode?: string | null;

  @Field(() => BranchFailureEnum, { nullable: true, defaultValue: 'COLLECT' })
  onFailure?: string | null;

  @Field(() => Int, { nullable: true, defaultValue: 0, description: 'How often a branch that failed is begun again.' })
  branchRetries?: number | null;
}

@InputType({ description: 'When a rule is true, its node is chosen.' })
export class TeamRuleInput {
  @Field(() => String, {
    description:
      'In the Common Expression Language, such as `input.contains("refund")`. `map()` and `cel.bind()` are not available.',
  })
  condition!: string;

  @Field(() => String)
  node!: string;
}

@InputType({ description: 'A node within a group.' })
export class TeamGroupNodeInput {
  @Field(() => String)
  node!: string;

  @Field(() => Int, { nullable: true, defaultValue: 0, description: 'With PRIORITY: the smallest is chosen.' })
  priority?: number | null;

  @Field(() => Int, { nullable: true, defaultValue: 1, description: 'With WEIGHTED: its share.' })
  weight?: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'What its agent may have under way in the organization, from 1 to 10,000: with so much it is passed over. Left out: no bound.',
  })
  capacity?: number | null;
}

@InputType({ description: 'Nodes that stand for one another.' })
export class TeamGroupInput {
  @Field(() => [TeamGroupNodeInput])
  nodes!: TeamGroupNodeInput[];
}

@InputType({ description: 'One node is chosen to answer.' })
export class RouterTeamInput {
  @Field(() => [TeamRuleInput], {
    nullable: true,
    description: 'In order, over `input`, `author`, `room` (texts), `agents` (keys), `hour` and `weekday` (UTC).',
  })
  rules?: TeamRuleInput[] | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: 'Whether the team’s own model chooses where no rule does.',
  })
  classify?: boolean | null;

  @Field(() => Float, {
    nullable: true,
    defaultValue: 0.5,
    description: 'A choice that the model is less sure of counts for nothing.',
  })
  threshold?: number | null;

  @Field(() => String, { nullable: true, description: 'Where nothing was chosen; left out, a person is asked.' })
  defaultNode?: string | null;

  @Field(() => SelectionEnum, { nullable: true, defaultValue: 'PRIORITY' })
  selection?: string | null;

  @Field(() => [TeamGroupInput], { nullable: true })
  groups?: TeamGroupInput[] | null;
}

@InputType({ description: 'A node works until a judge is content.' })
export class LoopTeamInput {
  @Field(() => String, { nullable: true, description: 'The node that works; left out, the first one.' })
  body?: string | null;

  @Field(() => String, { nullable: true, description: 'The node that judges; left out, the team’s own model.' })
  judge?: string | null;

  @Field(() => String, { nullable: true, description: 'What the result has to be like.' })
  criteria?: string | null;

  @Field(() => Int)
  maxIterations!: number;
}

@InputType({
  description:
    'Agents speak in turn before everybody, each in a message of its own; below another team, among themselves.',
})
export class GroupChatTeamInput {
  @Field(() => SpeakerChoiceEnum, {
    nullable: true,
    description: 'Left out: ROUND_ROBIN, or RULE where there are rules.',
  })
  speaker?: string | null;

  @Field(() => [TeamRuleInput], {
    nullable: true,
    description: 'In order, over `last`, `lastSpeaker`, `input` (texts) and `round` (from 1).',
  })
  rules?: TeamRuleInput[] | null;

  @Field(() => Int, { description: 'A round is as many turns as there are nodes.' })
  maxRounds!: number;
}

@InputType({ description: 'How several agents work together: the nodes, and exactly one pattern.' })
export class AgentTeamInput {
  @Field(() => [TeamNodeInput])
  nodes!: TeamNodeInput[];

  @Field(() => SequentialTeamInput, { nullable: true })
  sequential?: SequentialTeamInput | null;

  @Field(() => SupervisorTeamInput, { nullable: true })
  supervisor?: SupervisorTeamInput | null;

  @Field(() => HandoffTeamInput, { nullable: true })
  handoff?: HandoffTeamInput | null;

  @Field(() => ParallelTeamInput, { nullable: true })
  parallel?: ParallelTeamInput | null;

  @Field(() => RouterTeamInput, { nullable: true })
  router?: RouterTeamInput | null;

  @Field(() => LoopTeamInput, { nullable: true })
  loop?: LoopTeamInput | null;

  @Field(() => GroupChatTeamInput, { nullable: true })
  groupChat?: GroupChatTeamInput | null;
}
