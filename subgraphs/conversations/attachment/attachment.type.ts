import { Field, ID, Int, ObjectType } from 'type-graphql';

@ObjectType('Attachment', {
  simpleResolvers: true,
  description: 'A file: uploaded with `POST /uploads` to be sent with a message, or made by a model.',
})
export class AttachmentType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Without a folder. For people: it need not be the only one of its name.' })
  fileName!: string;

  @Field(() => String, { description: 'Such as `image/png`, told from the file itself.' })
  mimeType!: string;

  @Field(() => Int)
  byteSize!: number;

  @Field(() => Int, { nullable: true, description: 'In pixels, the right way up. Null for what is no picture.' })
  width!: number | null;

  @Field(() => Int, { nullable: true, description: 'In pixels.' })
  height!: number | null;

  @Field(() => String, {
    description:
      'Where it can be had without a credential for at least 15 minutes, as the `src` of a picture must be. It begins with PUBLIC_URL where the server has that, else it is relative to the server. With a credential, `/attachments/ID` holds for ever.',
  })
  url!: string;

  @Field(() => String, {
    nullable: true,
    description: 'A WebP of at most 512 pixels a side, likewise. Null for what has none.',
  })
  thumbnailUrl!: string | null;

  @Field(() => Date)
  createdAt!: Date;
}

@ObjectType('ImagePart', { simpleResolvers: true, description: 'A picture.' })
export class ImagePartType {
  @Field(() => AttachmentType)
  attachment!: unknown;
}

@ObjectType('FilePart', { simpleResolvers: true, description: 'A file that is no picture.' })
export class FilePartType {
  @Field(() => AttachmentType)
  attachment!: unknown;
}
