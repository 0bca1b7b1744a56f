import { GraphQLJSON } from 'graphql-scalars';
import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ChangeKind, LineKind } from './agent-diff.ts';

export const ChangeKindEnum = {
  ADDED: 'ADDED',
  REMOVED: 'REMOVED',
  CHANGED: 'CHANGED',
} as const satisfies Record<ChangeKind, ChangeKind>;

registerEnumType(ChangeKindEnum, { name: 'AgentChangeKind', description: 'What became of a setting.' });

export const LineKindEnum = {
  CONTEXT: 'CONTEXT',
  ADDED: 'ADDED',
  REMOVED: 'REMOVED',
} as const satisfies Record<LineKind, LineKind>;

registerEnumType(LineKindEnum, {
  name: 'DiffLineKind',
  description: 'What became of a line.',
  valuesConfig: { CONTEXT: { description: 'It is on both sides.' } },
});

@ObjectType('DiffLine', { simpleResolvers: true, description: 'One line of a hunk.' })
export class DiffLineType {
  @Field(() => LineKindEnum)
  kind!: LineKind;

  @Field(() => String, { description: 'Without a sign before it or a line break after it.' })
  text!: string;
}

@ObjectType('DiffHunk', {
  simpleResolvers: true,
  description: 'Lines that changed together, with up to three unchanged ones around them, as in a unified diff.',
})
export class DiffHunkType {
  @Field(() => Int, { description: 'The first line before the change, counted from 1.' })
  oldStart!: number;

  @Field(() => Int)
  oldLines!: number;

  @Field(() => Int, { description: 'The first line after the change, counted from 1.' })
  newStart!: number;

  @Field(() => Int)
  newLines!: number;

  @Field(() => [DiffLineType])
  lines!: DiffLineType[];
}

@ObjectType('AgentChange', { simpleResolvers: true, description: 'One setting that differs between two versions.' })
export class AgentChangeType {
  @Field(() => String, {
    description:
      'Such as `name`, `definition.instructions`, `definition.tools.clock.approval.rule` or `definition.team.nodes.writer.version`: what stands in a list goes by its name. The list itself, such as `definition.team.nodes`, has the names in order.',
  })
  path!: string;

  @Field(() => ChangeKindEnum)
  kind!: ChangeKind;

  @Field(() => GraphQLJSON, { nullable: true, description: 'Null where it was ADDED.' })
  before!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'Null where it was REMOVED.' })
  after!: unknown;

  @Field(() => [DiffHunkType], {
    nullable: true,
    description:
      'Of long text and of schemas, line by line. Null for other values, for texts with too little in common, and where one request asks for more than can be compared in a moment.',
  })
  hunks!: DiffHunkType[] | null;
}

@ObjectType('AgentVersionDiff', { simpleResolvers: true, description: 'What leads from one version to another.' })
export class AgentVersionDiffType {
  @Field(() => Int, { nullable: true, description: 'The number of a version; null for the draft.' })
  from!: number | null;

  @Field(() => Int, { nullable: true, description: 'The number of a version; null for the draft.' })
  to!: number | null;

  @Field(() => [AgentChangeType], { description: 'Empty where both are alike.' })
  changes!: AgentChangeType[];
}
