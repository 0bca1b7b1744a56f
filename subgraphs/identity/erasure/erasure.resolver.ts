import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import type { ErasureService } from './erasure.service.ts';
import { ErasePersonInput, ErasePersonPayload } from './erasure.type.ts';

@Resolver()
export class ErasureResolver {
  constructor(private readonly erasure: ErasureService) {}

  @Mutation(() => ErasePersonPayload, {
    description:
      'Takes a person out of the organization for good, with his name, what he wrote, his keys and his sessions. The account goes too where it belongs to no other organization.',
  })
  async erasePerson(
    @Ctx() context: RequestContext,
    @Arg('input', () => ErasePersonInput) input: ErasePersonInput,
  ): Promise<ErasePersonPayload> {
    return { erasedUserId: input.userId, accountErased: await this.erasure.erase(context, input) };
  }
}
