import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { notFound } from '#core/error';
import type { RequestContext } from '#core/request-context';
import type { Streams } from '#core/stream/streams';
import { requireViewer } from '#core/viewer';
import type { LiveSession } from '#prisma/generated/client';
import type { RequestScope } from '../request-scope.ts';
import {
  EndLiveSessionInput,
  EndLiveSessionPayload,
  SendLiveInputInput,
  SendLiveInputPayload,
  StartLiveSessionInput,
  StartLiveSessionPayload,
} from './live.input.ts';
import { presentSession } from './live.presenter.ts';
import type { LiveService } from './live.service.ts';
import { LiveSessionType } from './live-session.type.ts';

@Resolver(() => LiveSessionType)
export class LiveResolver {
  constructor(
    private readonly live: LiveService,
    private readonly streams: Streams,
    private readonly scope: RequestScope,
  ) {}

  @Query(() => LiveSessionType, {
    name: 'liveSession',
    nullable: true,
    description: 'A live session of your own. NOT_FOUND where it is not, or where you have left its room.',
  })
  async find(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string) {
    const row = await this.live.find(requireViewer(context.viewer), id);
    if (!row) throw notFound('live session');
    return this.present(context, row);
  }

  @Query(() => [LiveSessionType], {
    description: 'The live sessions of your own that have not ended, the newest first: go on with them, or end them.',
  })
  async openLiveSessions(@Ctx() context: RequestContext) {
    const rows = await this.live.listOpen(requireViewer(context.viewer));
    return rows.map((row) => this.present(context, row));
  }

  @Mutation(() => StartLiveSessionPayload, {
    description:
      'Begins to talk with an agent of a room. Follow `liveEvents` from the session’s cursor and send with `sendLiveInput`.',
  })
  async startLiveSession(
    @Ctx() context: RequestContext,
    @Arg('input', () => StartLiveSessionInput) input: StartLiveSessionInput,
  ): Promise<StartLiveSessionPayload> {
    const row = await this.live.start(requireViewer(context.viewer), input, this.scope(context).loaders);
    return { session: this.present(context, row) };
  }

  @Mutation(() => SendLiveInputPayload, {
    description: 'Says something in a live session. Answers once it is kept: then it will reach the model.',
  })
  sendLiveInput(
    @Ctx() context: RequestContext,
    @Arg('input', () => SendLiveInputInput) input: SendLiveInputInput,
  ): Promise<SendLiveInputPayload> {
    return this.live.send(requireViewer(context.viewer), input);
  }

  @Mutation(() => EndLiveSessionPayload, {
    description: 'Ends a live session. One that has ended stays as it is.',
  })
  async endLiveSession(
    @Ctx() context: RequestContext,
    @Arg('input', () => EndLiveSessionInput) { sessionId }: EndLiveSessionInput,
  ): Promise<EndLiveSessionPayload> {
    const row = await this.live.end(requireViewer(context.viewer), sessionId);
    return { session: this.present(context, row) };
  }

  private present(context: RequestContext, row: LiveSession) {
    return presentSession(row, this.scope(context).presenter, () => this.streams.head(row.id));
  }
}
