import { Field, InputType, Int, ObjectType } from 'type-graphql';

@ObjectType('RecordRetention', {
  simpleResolvers: true,
  description: 'For how long the log of events and the audit trail are kept.',
})
export class RecordRetentionType {
  @Field(() => Int, { nullable: true, description: 'Of the log of events, in days; null: for ever.' })
  eventsDays!: number | null;

  @Field(() => Int, { nullable: true, description: 'Of the audit trail, in days; null: for ever.' })
  auditDays!: number | null;

  @Field(() => Int, { description: 'What neither may go below.' })
  minimumDays!: number;
}

@InputType({ description: 'For how long to keep what. Null keeps it for ever.' })
export class SetRecordRetentionInput {
  @Field(() => Int, { nullable: true })
  eventsDays!: number | null;

  @Field(() => Int, { nullable: true })
  auditDays!: number | null;
}

@ObjectType('SetRecordRetentionPayload', { simpleResolvers: true, description: 'What `setRecordRetention` answers.' })
export class SetRecordRetentionPayload {
  @Field(() => RecordRetentionType)
  recordRetention!: RecordRetentionType;
}
