import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { ToolEffect } from '#core/tool/tool.port';

export const ToolEffectEnum = {
  NONE: 'NONE',
  IDEMPOTENT: 'IDEMPOTENT',
  ONCE: 'ONCE',
} as const satisfies Record<ToolEffect, ToolEffect>;

registerEnumType(ToolEffectEnum, {
  name: 'ToolEffect',
  description: 'What running a tool a second time would do.',
  valuesConfig: {
    NONE: { description: 'Nothing: it only reads.' },
    IDEMPOTENT: { description: 'Nothing: a call that is made again takes effect once.' },
    ONCE: {
      description:
        'It would take effect twice. A call that was interrupted ends its run with TOOL_INTERRUPTED, until somebody requeues the step.',
    },
  },
});

@ObjectType('Tool', {
  simpleResolvers: true,
  description: 'Something that an agent can be given to do besides talking.',
})
export class ToolType {
  @Field(() => String, { description: 'What agents and their models call it.' })
  name!: string;

  @Field(() => String, { description: 'For people.' })
  title!: string;

  @Field(() => String, { description: 'What it is good for, as models are told.' })
  description!: string;

  @Field(() => GraphQLJSONObject, { description: 'JSON Schema of its arguments.' })
  parameters!: Record<string, unknown>;

  @Field(() => ToolEffectEnum)
  effect!: ToolEffect;

  @Field(() => Boolean, {
    description: 'Whether a person has to allow each call, where an agent’s definition says nothing of approval.',
  })
  needsApproval!: boolean;
}
