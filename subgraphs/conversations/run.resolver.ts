import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { notFound } from '#core/error';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { CancelRunInput, CancelRunPayload } from './conversation.input.ts';
import { snapshotRun } from './conversation.presenter.ts';
import type { RequestScope } from './request-scope.ts';
import type { RunService } from './run.service.ts';
import { RunType } from './run.type.ts';

@Resolver()
export class RunResolver {
  constructor(
    private readonly runs: RunService,
    private readonly scope: RequestScope,
  ) {}

  @Query(() => RunType, { name: 'run', nullable: true, description: 'NOT_FOUND where you may not see its room.' })
  async find(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string) {
    const { loaders, presenter } = this.scope(context);
    const row = await this.runs.find(requireViewer(context.viewer), id, loaders);
    if (!row) throw notFound('run');
    return presenter.run(snapshotRun(row));
  }

  @Mutation(() => CancelRunPayload, {
    description: 'Stops an answer: what was written so far is kept, and nothing more is asked of the model.',
  })
  async cancelRun(
    @Ctx() context: RequestContext,
    @Arg('input', () => CancelRunInput) input: CancelRunInput,
  ): Promise<CancelRunPayload> {
    const { loaders, presenter } = this.scope(context);
    const run = await this.runs.cancel(requireViewer(context.viewer), input.runId, loaders);
    return { run: presenter.run(snapshotRun(run)) };
  }
}
