import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { RunSnapshot } from '../conversation-event.ts';
import { snapshotStep } from '../orchestration/step-snapshot.ts';
import type { RequestScope } from '../request-scope.ts';
import { RunType } from '../run.type.ts';
import type { RollbackService } from './rollback.service.ts';
import { RunRollbackType } from './rollback.type.ts';

@Resolver(() => RunType)
export class RollbackResolver {
  constructor(
    private readonly rollbacks: RollbackService,
    private readonly scope: RequestScope,
  ) {}

  @FieldResolver(() => RunRollbackType, {
    nullable: true,
    description: 'Where a message that was sent with `whenBusy: ROLLBACK` has taken it back.',
  })
  rollback(@Ctx() context: RequestContext, @Root() run: RunSnapshot) {
    if (!run.rolledBackAt || !run.rolledBackById) return null;
    const { presenter } = this.scope(context);
    const sideEffects = async () => {
      const steps = await this.rollbacks.sideEffects(requireViewer(context.viewer), run.id);
      return steps.map((step) => presenter.step(snapshotStep(step)));
    };
    const by = { __typename: 'User' as const, id: run.rolledBackById };
    return { at: run.rolledBackAt, by, sideEffects: sideEffects as unknown as RunRollbackType['sideEffects'] };
  }
}
