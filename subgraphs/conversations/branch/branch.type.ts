import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { z } from 'zod';
import { MAX_TEXT, messageText, WhenBusy } from '../conversation.input.ts';
import { ConversationType } from '../conversation.type.ts';
import { ConversationEventType } from '../event.type.ts';
import { MessageType } from '../message.type.ts';
import { RunType } from '../run.type.ts';

@ObjectType('BranchSelected', {
  implements: ConversationEventType,
  simpleResolvers: true,
  description:
    'The room shows another version of a message, and what is behind that one: drop `replacedMessageId` and all behind it, and load the messages anew.',
})
export class BranchSelectedType extends ConversationEventType {
  @Field(() => ID, { description: 'The version that is shown now. That of an answer to come is not there yet.' })
  messageId!: string;

  @Field(() => ID, { nullable: true, description: 'The first message that is no longer shown.' })
  replacedMessageId!: string | null;
}

const BUSY =
  'REJECT unless given. ENQUEUE is refused: what is under way belongs to the version that is no longer shown.';

@InputType({ description: 'A message of your own in other words.' })
export class EditMessageInput {
  @Field(() => ID)
  messageId!: string;

  @Field(() => String, { description: 'Its files stay with it; with some, the text may be empty.' })
  text!: string;

  @Field(() => ID, { nullable: true, description: 'Which agent answers, as in `sendMessage`.' })
  agentId?: string | null;

  @Field(() => WhenBusy, { nullable: true, description: BUSY })
  whenBusy?: WhenBusy | null;
}

@InputType({ description: 'The answer that is wanted once more.' })
export class RegenerateReplyInput {
  @Field(() => ID, { description: 'A message that an agent wrote. Of a team, the whole answer is made anew.' })
  messageId!: string;

  @Field(() => ID, { nullable: true, description: 'Which agent answers; the same unless given.' })
  agentId?: string | null;

  @Field(() => WhenBusy, { nullable: true, description: BUSY })
  whenBusy?: WhenBusy | null;
}

@InputType({ description: 'The version of a message that is to be shown.' })
export class SelectBranchInput {
  @Field(() => ID)
  messageId!: string;
}

const whenBusy = z
  .enum(WhenBusy)
  .nullish()
  .transform((value) => value ?? WhenBusy.REJECT)
  .refine((value) => value !== WhenBusy.ENQUEUE, 'A new version cannot wait behind what it replaces');

export const editMessageSchema = z.object({
  messageId: z.string(),
  text: messageText.pipe(z.string().max(MAX_TEXT, `At most ${MAX_TEXT} characters`)),
  agentId: z.string().nullish(),
  whenBusy,
});

export const regenerateReplySchema = editMessageSchema.omit({ text: true });

@ObjectType({ simpleResolvers: true, description: 'The new version, and the answer to come.' })
export class EditMessagePayload {
  @Field(() => MessageType)
  message!: unknown;

  @Field(() => RunType, { nullable: true, description: 'Null where no agent answers.' })
  run!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'The answer to come. What was there before is kept as a version.' })
export class RegenerateReplyPayload {
  @Field(() => RunType)
  run!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'The room as it is shown now, and the message.' })
export class SelectBranchPayload {
  @Field(() => ConversationType)
  conversation!: unknown;

  @Field(() => MessageType)
  message!: unknown;
}
