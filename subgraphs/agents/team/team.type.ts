import { Field, Float, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import type {
  GroupChatTeam,
  HandoffTeam,
  LoopTeam,
  ParallelTeam,
  Pattern,
  RouterTeam,
  SequentialTeam,
  TeamNode,
  TeamPattern,
} from '#core/agent/team-definition';
import {
  BranchFailureEnum,
  HandoffHistoryEnum,
  HandoffReturnEnum,
  InputSourceEnum,
  JoinEnum,
  MergeEnum,
  PatternEnum,
  SelectionEnum,
  SpeakerChoiceEnum,
  StepFailureEnum,
} from './team.enum.ts';

@ObjectType('TeamNode', { simpleResolvers: true, description: 'A place in a team at which an agent works.' })
export class TeamNodeType implements TeamNode {
  @Field(() => String, { description: 'What the rest of the team calls it.' })
  key!: string;

  @Field(() => ID)
  agentId!: string;

  @Field(() => Int, { nullable: true, description: 'The version that works; null for whichever is published.' })
  version!: number | null;

  @Field(() => String, { nullable: true, description: 'What it is good for; null for the description of its agent.' })
  description!: string | null;
}

@InterfaceType('TeamFlow', {
  description: 'A pattern with its settings: which nodes it comes to, in which way.',
  resolveType: ({ pattern }: TeamPattern) => TYPE_NAMES[pattern],
})
export abstract class TeamFlowType {
  @Field(() => PatternEnum)
  pattern!: Pattern;
}

const TYPE_NAMES: Record<Pattern, string> = {
  SEQUENTIAL: 'SequentialTeam',
  SUPERVISOR: 'SupervisorTeam',
  HANDOFF: 'HandoffTeam',
  PARALLEL: 'ParallelTeam',
  ROUTER: 'RouterTeam',
  LOOP: 'LoopTeam',
  GROUP_CHAT: 'GroupChatTeam',
};

type Part<Flow, List extends keyof Flow> = Flow[List] extends (infer Item)[] ? Item : never;

@ObjectType('SequentialStep', { simpleResolvers: true, description: 'One step of a sequence.' })
export class SequentialStepType implements Part<SequentialTeam, 'steps'> {
  @Field(() => String)
  node!: string;

  @Field(() => InputSourceEnum)
  input!: SequentialTeam['steps'][number]['input'];

  @Field(() => String, { nullable: true, description: 'With MAPPING.' })
  mapping!: string | null;

  @Field(() => StepFailureEnum)
  onError!: SequentialTeam['steps'][number]['onError'];

  @Field(() => String, { nullable: true, description: 'With DEFAULT_VALUE: what counts as the output.' })
  defaultValue!: string | null;

  @Field(() => String, { nullable: true, description: 'With FALLBACK_AGENT: the node that works instead.' })
  fallbackNode!: string | null;
}

@ObjectType('SequentialTeam', {
  simpleResolvers: true,
  implements: TeamFlowType,
  description: 'One node after the other.',
})
export class SequentialTeamType extends TeamFlowType {
  @Field(() => [SequentialStepType])
  steps!: SequentialStepType[];
}

@ObjectType('SupervisorTeam', {
  simpleResolvers: true,
  implements: TeamFlowType,
  description: 'The team’s own model answers, with the nodes as its tools.',
})
export class SupervisorTeamType extends TeamFlowType {}

@ObjectType('HandoffEdge', { simpleResolvers: true, description: 'Where the conversation can go from a node.' })
export class HandoffEdgeType implements Part<HandoffTeam, 'edges'> {
  @Field(() => String)
  from!: string;

  @Field(() => String)
  to!: string;

  @Field(() => String, { nullable: true, description: 'When to take it, told to the model.' })
  description!: string | null;
}

@ObjectType('HandoffTeam', {
  simpleResolvers: true,
  implements: TeamFlowType,
  description: 'Agents that hand the conversation to one another, along edges.',
})
export class HandoffTeamType extends TeamFlowType {
  @Field(() => String, { description: 'The node that begins.' })
  start!: string;

  @Field(() => [HandoffEdgeType])
  edges!: HandoffEdgeType[];

  @Field(() => HandoffHistoryEnum)
  history!: HandoffTeam['history'];

  @Field(() => HandoffReturnEnum)
  returns!: HandoffTeam['returns'];
}

@ObjectType('ParallelBranch', { simpleResolvers: true, description: 'One of several that work at the same time.' })
export class ParallelBranchType implements Part<ParallelTeam, 'branches'> {
  @Field(() => String)
  node!: string;

  @Field(() => String, { nullable: true, description: 'Null: what the team was given.' })
  mapping!: string | null;
}

@ObjectType('ParallelTeam', {
  simpleResolvers: true,
  implements: TeamFlowType,
  description: 'Several nodes at once, each for itself.',
})
export class ParallelTeamType extends TeamFlowType {
  @Field(() => [ParallelBranchType])
  branches!: ParallelBranchType[];

  @Field(() => JoinEnum)
  join!: ParallelTeam['join'];

  @Field(() => Int, { nullable: true, description: 'With N_OF_M: how many.' })
  joinCount!: number | null;

  @Field(() => MergeEnum)
  merge!: ParallelTeam['merge'];

  @Field(() => String, { nullable: true, description: 'With AGENT: the node that makes one answer of the results.' })
  mergeNode!: string | null;

  @Field(() => BranchFailureEnum)
  onFailure!: ParallelTeam['onFailure'];

  @Field(() => Int, { description: 'How often a branch that failed is begun again.' })
  branchRetries!: number;
}

@ObjectType('TeamRule', { simpleResolvers: true, description: 'When it is true, its node is chosen.' })
export class TeamRuleType implements Part<RouterTeam, 'rules'> {
  @Field(() => String, { description: 'In the Common Expression Language.' })
  condition!: string;

  @Field(() => String)
  node!: string;
}

@ObjectType('TeamGroupNode', { simpleResolvers: true, description: 'A node within a group.' })
export class TeamGroupNodeType {
  @Field(() => String)
  node!: string;

  @Field(() => Int, { description: 'With PRIORITY: the smallest is chosen.' })
  priority!: number;

  @Field(() => Int, { description: 'With WEIGHTED: its share.' })
  weight!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'What its agent may have under way in the organization. Null: no bound.',
  })
  capacity!: number | null;
}

@ObjectType('TeamGroup', { simpleResolvers: true, description: 'Nodes that stand for one another.' })
export class TeamGroupType implements Part<RouterTeam, 'groups'> {
  @Field(() => [TeamGroupNodeType])
  nodes!: TeamGroupNodeType[];
}

@ObjectType('RouterTeam', {
  simpleResolvers: true,
  implements: TeamFlowType,
  description: 'One node is chosen to answer.',
})
export class RouterTeamType extends TeamFlowType {
  @Field(() => [TeamRuleType], { description: 'In order.' })
  rules!: TeamRuleType[];

  @Field(() => Boolean, { description: 'Whether the team’s own model chooses where no rule does.' })
  classify!: boolean;

  @Field(() => Float, { description: 'A choice that the model is less sure of counts for nothing.' })
  threshold!: number;

  @Field(() => String, { nullable: true, description: 'Where nothing was chosen; null: a person is asked.' })
  defaultNode!: string | null;

  @Field(() => SelectionEnum)
  selection!: RouterTeam['selection'];

  @Field(() => [TeamGroupType])
  groups!: TeamGroupType[];
}

@ObjectType('LoopTeam', {
  simpleResolvers: true,
  implements: TeamFlowType,
  description: 'A node works until a judge is content.',
})
export class LoopTeamType extends TeamFlowType implements LoopTeam {
  declare pattern: 'LOOP';

  @Field(() => String, { description: 'The node that works.' })
  body!: string;

  @Field(() => String, { nullable: true, description: 'The node that judges; null for the team’s own model.' })
  judge!: string | null;

  @Field(() => String, { description: 'What the result has to be like.' })
  criteria!: string;

  @Field(() => Int)
  maxIterations!: number;
}

@ObjectType('GroupChatTeam', {
  simpleResolvers: true,
  implements: TeamFlowType,
  description:
    'Agents speak in turn before everybody, each in a message of its own; below another team, among themselves.',
})
export class GroupChatTeamType extends TeamFlowType {
  @Field(() => SpeakerChoiceEnum)
  speaker!: GroupChatTeam['speaker'];

  @Field(() => [TeamRuleType], { description: 'With RULE, in order.' })
  rules!: TeamRuleType[];

  @Field(() => Int, { description: 'A round is as many turns as there are nodes.' })
  maxRounds!: number;
}

/** What no field names: the patterns behind `TeamFlow`. */
export const TEAM_FLOW_TYPES = [
  SequentialTeamType,
  SupervisorTeamType,
  HandoffTeamType,
  ParallelTeamType,
  RouterTeamType,
  LoopTeamType,
  GroupChatTeamType,
];

@ObjectType('AgentTeam', {
  simpleResolvers: true,
  description: 'How several agents work together: where they work, and by which pattern.',
})
export class AgentTeamType {
  @Field(() => [TeamNodeType])
  nodes!: TeamNodeType[];

  @Field(() => TeamFlowType)
  flow!: TeamPattern;
}
