import { Directive, Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';

export enum ExportFormat {
  JSON = 'JSON',
  MARKDOWN = 'MARKDOWN',
}

registerEnumType(ExportFormat, {
  name: 'ExportFormat',
  description: 'What a conversation is written as.',
  valuesConfig: {
    JSON: { description: 'Everything, for programs; the format is described in `docs/export.md`.' },
    MARKDOWN: { description: 'Who wrote what and when, for people.' },
  },
});

@InputType({ description: 'The conversation to be written down, and how.' })
export class ExportConversationInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => ExportFormat)
  format!: ExportFormat;
}

export const exportSchema = z.object({ conversationId: z.string(), format: z.enum(ExportFormat) });

@ObjectType({ simpleResolvers: true, description: 'Where the export can be fetched, by whoever has this address.' })
export class ExportConversationPayload {
  @Field(() => String, { description: 'To be fetched by GET from the server of this API: a path with its query.' })
  url!: string;

  @Field(() => Date, { description: 'Until when it has to be fetched. It ends earlier where you lose the room.' })
  expiresAt!: Date;

  @Field(() => String)
  fileName!: string;
}

@Directive('@inaccessible')
@ObjectType('ExportPage', { simpleResolvers: true, description: 'A piece of an export, for the gateway.' })
export class ExportPageType {
  @Field(() => String)
  text!: string;

  @Field(() => String, { nullable: true, description: 'The ticket of the next piece; null at the end.' })
  next!: string | null;

  @Field(() => String)
  contentType!: string;

  @Field(() => String)
  fileName!: string;
}
