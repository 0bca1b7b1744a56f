import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { z } from 'zod';

const MAX_DAYS = 36_500;

@ObjectType('RetentionPolicy', {
  simpleResolvers: true,
  description: 'For how long an organization keeps what is written in its rooms.',
})
export class RetentionPolicyType {
  @Field(() => Int, { nullable: true, description: 'Days; null for ever.' })
  messagesDays!: number | null;

  @Field(() => Int, { description: 'What this installation keeps at least, in days.' })
  minimumDays!: number;

  @Field(() => Date, { nullable: true, description: 'When it was last set; null where it never was.' })
  updatedAt!: Date | null;
}

@InputType({ description: 'For how long to keep what is written in rooms.' })
export class SetRetentionInput {
  @Field(() => Int, {
    nullable: true,
    description: 'Days after which messages go, with their runs, reactions and events. Null keeps them for ever.',
  })
  messagesDays?: number | null;
}

export const setRetentionSchema = (minimumDays: number) =>
  z.object({
    messagesDays: z
      .number('Give a number of days, or null for ever')
      .int()
      .min(minimumDays, `At least ${minimumDays} days`)
      .max(MAX_DAYS, `At most ${MAX_DAYS} days, or null for ever`)
      .nullable(),
  });

@ObjectType({ simpleResolvers: true, description: 'What holds from now on.' })
export class SetRetentionPayload {
  @Field(() => RetentionPolicyType)
  retentionPolicy!: RetentionPolicyType;
}
