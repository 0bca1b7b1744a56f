import { GraphQLJSON, GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { EventActorType, EventSubjectType, PastFilter } from '../log/event.type.ts';
import { ConversationStub } from '../reference.type.ts';
import { PROBLEM_KINDS } from './verify-audit.ts';

export const AuditProblemKind = Object.fromEntries(PROBLEM_KINDS.map((kind) => [kind, kind])) as {
  [Kind in (typeof PROBLEM_KINDS)[number]]: Kind;
};
registerEnumType(AuditProblemKind, {
  name: 'AuditProblemKind',
  description: 'What is wrong with an entry.',
  valuesConfig: {
    CHANGED: { description: 'It is not what was written: edited, or moved from another place.' },
    BROKEN: { description: 'It does not follow upon the entry before it.' },
    MISSING: { description: 'Entries before it were deleted.' },
    CUT: { description: 'Entries at the end were deleted.' },
    CHECKPOINT: { description: 'It is not what was signed, or the signature is not ours.' },
    PERSONAL: { description: 'What it knows of who somebody is was changed, or removed without an erasure.' },
  },
});

export const AuditFormat = { JSON_LINES: 'JSON_LINES', CSV: 'CSV' } as const;
export type AuditFormat = keyof typeof AuditFormat;
registerEnumType(AuditFormat, {
  name: 'AuditFormat',
  description: 'How the audit trail is written down.',
  valuesConfig: {
    JSON_LINES: { description: 'One entry a line, with everything that its hash is made of.' },
    CSV: { description: 'For spreadsheets. What one of them would take for a formula begins with an apostrophe.' },
  },
});

@ObjectType('AuditEntry', { simpleResolvers: true, description: 'Who did what: an entry of the audit trail.' })
export class AuditEntryType {
  @Field(() => ID, { description: 'That of the event.' })
  id!: string;

  @Field(() => GraphQLSafeInt, { description: 'Its place: counted without a gap.' })
  seq!: number;

  @Field(() => String, { description: 'See `eventTypes`.' })
  type!: string;

  @Field(() => Date, { description: 'When it was done.' })
  at!: Date;

  @Field(() => Date, { description: 'When it was written into the trail.' })
  recordedAt!: Date;

  @Field(() => EventActorType, { nullable: true, description: 'Who, and on whose behalf. Null: Parley by itself.' })
  actor!: EventActorType | null;

  @Field(() => String, { nullable: true, description: 'The session or API key that was used.' })
  credentialId!: string | null;

  @Field(() => String, { nullable: true, description: 'The address that the request came from, unless it was erased.' })
  ip!: string | null;

  @Field(() => String, { nullable: true })
  userAgent!: string | null;

  @Field(() => String, { nullable: true, description: 'As in `X-Request-Id`.' })
  requestId!: string | null;

  @Field(() => EventSubjectType, { nullable: true })
  subject!: EventSubjectType | null;

  @Field(() => ConversationStub, { nullable: true, description: 'Null too where you may not read it.' })
  conversation!: ConversationStub | null;

  @Field(() => GraphQLJSONObject, { description: 'What was done, as its type says.' })
  data!: Record<string, unknown>;

  @Field(() => GraphQLJSON, { nullable: true, description: 'What was changed, as it was.' })
  before!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'What was changed, as it is since.' })
  after!: unknown;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description:
      'Names and addresses of whom it is about: `EventType.personalFields`. Null where there are none, or they were erased.',
  })
  personal!: Record<string, unknown> | null;

  @Field(() => Boolean, { description: 'Whether somebody was erased of whom it knew who he was.' })
  isErased!: boolean;

  @Field(() => String, { description: 'SHA-256 of the entry as canonical JSON, `previousHash` included.' })
  hash!: string;

  @Field(() => String)
  previousHash!: string;
}

@ObjectType('AuditEdge', { simpleResolvers: true, description: 'An entry with its place in the list.' })
export class AuditEdge extends edgeOf(() => AuditEntryType) {}

@ObjectType('AuditConnection', {
  simpleResolvers: true,
  description: 'A page of the audit trail, the newest entry first. `totalCount` counts to 10,000.',
})
export class AuditConnection extends connectionOf(
  () => AuditEdge,
  () => AuditEntryType,
) {}

@InputType({ description: 'Which entries are shown: those that fit everything that is given.' })
export class AuditFilter extends PastFilter {
  @Field(() => String, { nullable: true, description: 'What one request did.' })
  requestId?: string | null;
}

@ObjectType('AuditCheckpoint', {
  simpleResolvers: true,
  description:
    'The head of the trail at a time, signed. Noted elsewhere, it shows later that nothing before it was changed.',
})
export class AuditCheckpointType {
  @Field(() => GraphQLSafeInt)
  seq!: number;

  @Field(() => String)
  hash!: string;

  @Field(() => Date)
  at!: Date;

  @Field(() => String, { description: 'The canonical JSON that is signed.' })
  signedText!: string;

  @Field(() => String, { description: 'Ed25519 over `signedText`, in base64.' })
  signature!: string;

  @Field(() => String, { description: 'See `auditKey`.' })
  keyId!: string;
}

@ObjectType('AuditCheckpointEdge', { simpleResolvers: true, description: 'A checkpoint with its place in the list.' })
export class AuditCheckpointEdge extends edgeOf(() => AuditCheckpointType) {}

@ObjectType('AuditCheckpointConnection', {
  simpleResolvers: true,
  description: 'A page of checkpoints, the newest first.',
})
export class AuditCheckpointConnection extends connectionOf(
  () => AuditCheckpointEdge,
  () => AuditCheckpointType,
) {}

@ObjectType('AuditKey', {
  simpleResolvers: true,
  description: 'What checkpoints of this installation are signed with.',
})
export class AuditKeyType {
  @Field(() => String)
  id!: string;

  @Field(() => String, { description: 'SPKI in PEM.' })
  publicKey!: string;
}

@ObjectType('AuditProblem', { simpleResolvers: true, description: 'Something that is not as it was written.' })
export class AuditProblemType {
  @Field(() => GraphQLSafeInt)
  seq!: number;

  @Field(() => AuditProblemKind)
  kind!: (typeof PROBLEM_KINDS)[number];

  @Field(() => String)
  message!: string;
}

@ObjectType('AuditVerification', { simpleResolvers: true, description: 'What a check of the audit trail has found.' })
export class AuditVerificationType {
  @Field(() => Boolean, { description: 'Whether everything that was looked at is as it was written.' })
  isIntact!: boolean;

  @Field(() => Int, { description: 'Entries that were looked at.' })
  checked!: number;

  @Field(() => GraphQLSafeInt)
  fromSeq!: number;

  @Field(() => GraphQLSafeInt)
  toSeq!: number;

  @Field(() => String, { nullable: true, description: 'Pass it as `after` to look at the rest; null at the end.' })
  next!: string | null;

  @Field(() => [AuditProblemType], { description: '100 at most.' })
  problems!: AuditProblemType[];
}

@InputType({ description: 'A head of the trail that was noted elsewhere.' })
export class AuditHeadInput {
  @Field(() => GraphQLSafeInt)
  seq!: number;

  @Field(() => String)
  hash!: string;
}

@ObjectType('CheckpointAuditPayload', { simpleResolvers: true, description: 'What `checkpointAudit` answers.' })
export class CheckpointAuditPayload {
  @Field(() => AuditCheckpointType)
  checkpoint!: AuditCheckpointType;
}

@InputType({ description: 'What to write down.' })
export class ExportAuditInput {
  @Field(() => AuditFormat)
  format!: AuditFormat;

  @Field(() => AuditFilter, { nullable: true })
  filter?: AuditFilter | null;
}

@ObjectType('ExportAuditPayload', { simpleResolvers: true, description: 'Where the file can be fetched.' })
export class ExportAuditPayload {
  @Field(() => String, { description: 'Relative to the address of the API. Whoever has it can fetch the file.' })
  url!: string;

  @Field(() => Date, { description: 'Until when a download can be begun.' })
  expiresAt!: Date;

  @Field(() => String)
  fileName!: string;
}
