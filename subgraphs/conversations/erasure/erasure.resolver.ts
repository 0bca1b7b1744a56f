import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { perRequest, type RequestContext } from '#core/request-context';
import { MessageType } from '../message.type.ts';
import type { ErasureService } from './erasure.service.ts';

@Resolver(() => MessageType)
export class ErasureResolver {
  private readonly loader;

  constructor(erasure: ErasureService) {
    this.loader = perRequest(() => erasure.loader());
  }

  @FieldResolver(() => Date, {
    nullable: true,
    description: 'When its words were taken away because its author was erased; null where they were not.',
  })
  erasedAt(@Ctx() context: RequestContext, @Root() message: MessageType): Promise<Date | null> {
    return this.loader(context).load(message.id);
  }
}
