import { Arg, Ctx, Directive, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { RequestScope } from '../request-scope.ts';
import type { OrderService } from './order.service.ts';
import { OrderedRun, OrderRunInput } from './order.type.ts';

/** What the owner of tasks asks, on behalf of whoever a task is for. The gateway shows these fields to nobody. */
@Resolver()
export class OrderResolver {
  constructor(
    private readonly orders: OrderService,
    private readonly scope: RequestScope,
  ) {}

  @Directive('@inaccessible')
  @Query(() => OrderedRun, { nullable: true, description: 'What became of a run that was ordered.' })
  orderedRun(
    @Ctx() context: RequestContext,
    @Arg('messageId', () => ID) messageId: string,
  ): Promise<OrderedRun | null> {
    return this.orders.find(requireViewer(context.viewer), messageId, this.scope(context).loaders);
  }

  @Directive('@inaccessible')
  @Mutation(() => OrderedRun, { description: 'Has an agent answer a message on behalf of the viewer, once.' })
  orderRun(
    @Ctx() context: RequestContext,
    @Arg('input', () => OrderRunInput) input: OrderRunInput,
  ): Promise<OrderedRun> {
    return this.orders.order(requireViewer(context.viewer), input, this.scope(context).loaders);
  }
}
