import { Arg, Ctx, Directive, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { RequestScope } from '../request-scope.ts';
import type { ExportService } from './export.service.ts';
import { ExportConversationInput, ExportConversationPayload, ExportPageType } from './export.type.ts';

@Resolver()
export class ExportResolver {
  constructor(
    private readonly exports: ExportService,
    private readonly scope: RequestScope,
  ) {}

  @Mutation(() => ExportConversationPayload, {
    description: 'Gives an address, for some minutes, at which a room can be fetched as a file.',
  })
  async exportConversation(
    @Ctx() context: RequestContext,
    @Arg('input', () => ExportConversationInput) input: ExportConversationInput,
  ): Promise<ExportConversationPayload> {
    return this.exports.start(requireViewer(context.viewer), input, this.scope(context).loaders);
  }

  @Directive('@inaccessible')
  @Query(() => ExportPageType, { description: 'A piece of an export. The ticket is what lets in.' })
  async exportPage(@Arg('ticket', () => String) ticket: string): Promise<ExportPageType> {
    return this.exports.page(ticket);
  }
}
