import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MemoryOperationEnum, MemoryScopeEnum } from './memory.type.ts';
import type { MemoryWrite } from './memory-fields.ts';
import type { MemoryRow } from './memory-row.ts';

@Directive('@inaccessible')
@ObjectType('MemoryForRun', { simpleResolvers: true, description: 'A block as agents read it.' })
export class MemoryForRunType {
  @Field(() => ID)
  id!: string;

  @Field(() => MemoryScopeEnum)
  scope!: MemoryRow['scope'];

  @Field(() => String)
  label!: string;

  @Field(() => String)
  description!: string;

  @Field(() => String)
  value!: string;

  @Field(() => Int, { description: 'How long the text is, of which `value` may be the beginning.' })
  characters!: number;

  @Field(() => Int)
  characterLimit!: number;

  @Field(() => Boolean)
  readOnly!: boolean;

  @Field(() => Int)
  revision!: number;

  @Field(() => Date)
  updatedAt!: Date;
}

@Directive('@inaccessible')
@InputType('WriteMemoryForRunInput', { description: 'What an agent writes, on whose behalf and within what.' })
export class WriteMemoryForRunInput {
  @Field(() => ID)
  agentId!: string;

  @Field(() => ID, { nullable: true, description: 'Whom the agent talks to.' })
  userId?: string | null;

  @Field(() => ID)
  conversationId!: string;

  @Field(() => ID, { nullable: true, description: 'Null outside a run: in a live session.' })
  runId?: string | null;

  @Field(() => String, { description: 'Of the tool call: repeated, it writes nothing.' })
  idempotencyKey!: string;

  @Field(() => MemoryScopeEnum)
  scope!: MemoryRow['scope'];

  @Field(() => String)
  label!: string;

  @Field(() => MemoryOperationEnum, {
    description:
      'APPEND, REPLACE (of `oldText`, which must be there once) or WRITE (which needs the revision of a block that holds something).',
  })
  operation!: MemoryWrite['operation'];

  @Field(() => String)
  text!: string;

  @Field(() => String, { nullable: true })
  oldText?: string | null;

  @Field(() => Int, { nullable: true })
  expectedRevision?: number | null;
}

@Directive('@inaccessible')
@ObjectType('WriteMemoryForRunPayload', { simpleResolvers: true, description: 'What the write came to.' })
export class WriteMemoryForRunPayload {
  @Field(() => Int, { description: 'The number of the revision that the write made, the first time.' })
  revision!: number;

  @Field(() => Int, { description: 'How many characters the block had from then on.' })
  characters!: number;

  @Field(() => MemoryForRunType, { description: 'The block as it is now.' })
  block!: MemoryForRunType;
}
