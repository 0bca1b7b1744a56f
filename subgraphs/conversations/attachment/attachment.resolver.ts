import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { notFound } from '#core/error';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { RequestScope } from '../request-scope.ts';
import type { AttachmentService } from './attachment.service.ts';
import { AttachmentType } from './attachment.type.ts';
import { toValue } from './attachment-row.ts';

@Resolver()
export class AttachmentResolver {
  constructor(
    private readonly attachments: AttachmentService,
    private readonly scope: RequestScope,
  ) {}

  @Query(() => AttachmentType, {
    name: 'attachment',
    nullable: true,
    description: 'NOT_FOUND where you have not uploaded it, and may read no room that it was sent to.',
  })
  async find(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string) {
    const { loaders, presenter } = this.scope(context);
    const row = await this.attachments.find(requireViewer(context.viewer), id, loaders);
    if (!row) throw notFound('attachment');
    return presenter.attachment(toValue(row));
  }
}
