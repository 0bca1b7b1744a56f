import { Field, ID, InputType, Int } from 'type-graphql';
import { MemoryScopeEnum } from './memory.type.ts';
import { MEMORY_LIMITS } from './memory-fields.ts';
import type { MemoryRow } from './memory-row.ts';

const atMost = (characters: number) => `At most ${characters.toLocaleString('en')} characters.`;

const LABEL = 'A letter, then up to 63 letters, digits, `_`, `-` and `.`.';

@InputType('MemoryFilter', { description: 'Which blocks to list. Parts that are left out do not narrow the list.' })
export class MemoryFilterInput {
  @Field(() => MemoryScopeEnum, { nullable: true })
  scope?: MemoryRow['scope'] | null;

  @Field(() => ID, { nullable: true, description: 'Those of this agent.' })
  agentId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those of this conversation, which are listed in no other way.' })
  conversationId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Part of the label, description or text, in upper or lower case.',
  })
  search?: string | null;
}

@InputType({ description: 'The settings of a block.' })
abstract class MemorySettingsInput {
  @Field(() => String, {
    nullable: true,
    description: `What it is for, as agents are told. ${atMost(MEMORY_LIMITS.description)}`,
  })
  description?: string | null;

  @Field(() => String, { nullable: true, description: 'The text.' })
  value?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `How long the text can be: ${MEMORY_LIMITS.defaultValue.toLocaleString('en')} characters unless given, ${MEMORY_LIMITS.value.toLocaleString('en')} at most.`,
  })
  characterLimit?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether agents can only read it.' })
  readOnly?: boolean | null;
}

@InputType('CreateMemoryBlockInput', { description: 'A new block. With the scope USER it is the caller’s own.' })
export class CreateMemoryBlockInput extends MemorySettingsInput {
  @Field(() => MemoryScopeEnum)
  scope!: MemoryRow['scope'];

  @Field(() => String, { description: LABEL })
  label!: string;

  @Field(() => ID, { nullable: true, description: 'Whose it is to be, where the scope is AGENT.' })
  agentId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Whose it is to be, where the scope is CONVERSATION.' })
  conversationId?: string | null;
}

@InputType('UpdateMemoryBlockInput', { description: 'What to change of a block: what is left out, or null, stays.' })
export class UpdateMemoryBlockInput extends MemorySettingsInput {
  @Field(() => ID)
  blockId!: string;

  @Field(() => Int, {
    description:
      'The revision that the caller saw. Where the block has moved on since, the answer is CONFLICT with the present one in `extensions.revision`.',
  })
  expectedRevision!: number;

  @Field(() => String, { nullable: true, description: LABEL })
  label?: string | null;
}

@InputType('AppendToMemoryBlockInput', { description: 'What to put below the text of a block, as a line of its own.' })
export class AppendToMemoryBlockInput {
  @Field(() => ID)
  blockId!: string;

  @Field(() => String)
  text!: string;
}

@InputType('DeleteMemoryBlockInput', { description: 'The block to delete.' })
export class DeleteMemoryBlockInput {
  @Field(() => ID)
  blockId!: string;
}
