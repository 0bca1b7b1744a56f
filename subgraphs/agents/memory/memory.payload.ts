import { Field, ID, Int, ObjectType } from 'type-graphql';
import { MemoryBlockType } from './memory.type.ts';

@ObjectType('CreateMemoryBlockPayload', { simpleResolvers: true, description: 'The new block.' })
export class CreateMemoryBlockPayload {
  @Field(() => MemoryBlockType)
  memoryBlock!: MemoryBlockType;
}

@ObjectType('UpdateMemoryBlockPayload', { simpleResolvers: true, description: 'The block as it is now.' })
export class UpdateMemoryBlockPayload {
  @Field(() => MemoryBlockType)
  memoryBlock!: MemoryBlockType;
}

@ObjectType('AppendToMemoryBlockPayload', { simpleResolvers: true, description: 'The block as it is now.' })
export class AppendToMemoryBlockPayload {
  @Field(() => MemoryBlockType)
  memoryBlock!: MemoryBlockType;
}

@ObjectType('DeleteMemoryBlockPayload', { simpleResolvers: true, description: 'What was deleted.' })
export class DeleteMemoryBlockPayload {
  @Field(() => ID)
  deletedMemoryBlockId!: string;
}

@ObjectType('EraseOwnMemoryPayload', { simpleResolvers: true, description: 'What was erased.' })
export class EraseOwnMemoryPayload {
  @Field(() => Int, { description: 'How many blocks there were.' })
  erasedBlocks!: number;
}
