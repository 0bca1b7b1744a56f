import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { toPage } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { createdCursor } from '../created-page.ts';
import { ForwardPageArgs } from '../page-args.ts';
import { presentServiceAccount } from './service-account.presenter.ts';
import type { ServiceAccountService } from './service-account.service.ts';
import {
  CreateServiceAccountInput,
  CreateServiceAccountPayload,
  DisableServiceAccountInput,
  DisableServiceAccountPayload,
  EnableServiceAccountInput,
  EnableServiceAccountPayload,
  ServiceAccountConnection,
  UpdateServiceAccountInput,
  UpdateServiceAccountPayload,
} from './service-account.type.ts';

@Resolver()
export class ServiceAccountResolver {
  constructor(private readonly service: ServiceAccountService) {}

  @Query(() => ServiceAccountConnection, {
    description: 'The programs that act in the organization under a name of their own, the oldest first.',
  })
  async serviceAccounts(@Args(() => ForwardPageArgs) args: ForwardPageArgs, @Ctx() context: RequestContext) {
    const { page, rows, count } = await this.service.list(context, args);
    return toPage(page.request, rows, { cursorOf: createdCursor, present: presentServiceAccount, totalCount: count });
  }

  @Mutation(() => CreateServiceAccountPayload, {
    description: 'Makes a service account; `createApiKey` makes keys for it.',
  })
  async createServiceAccount(
    @Arg('input', () => CreateServiceAccountInput) input: CreateServiceAccountInput,
    @Ctx() context: RequestContext,
  ) {
    return { serviceAccount: presentServiceAccount(await this.service.create(context, input)) };
  }

  @Mutation(() => UpdateServiceAccountPayload, { description: 'Renames a service account or gives it another role.' })
  async updateServiceAccount(
    @Arg('input', () => UpdateServiceAccountInput) input: UpdateServiceAccountInput,
    @Ctx() context: RequestContext,
  ) {
    return { serviceAccount: presentServiceAccount(await this.service.update(context, input)) };
  }

  @Mutation(() => DisableServiceAccountPayload, { description: 'Its keys open nothing until it is enabled again.' })
  async disableServiceAccount(
    @Arg('input', () => DisableServiceAccountInput) { serviceAccountId }: DisableServiceAccountInput,
    @Ctx() context: RequestContext,
  ) {
    return { serviceAccount: presentServiceAccount(await this.service.setDisabled(context, serviceAccountId, true)) };
  }

  @Mutation(() => EnableServiceAccountPayload, { description: 'Its keys that have not been revoked work again.' })
  async enableServiceAccount(
    @Arg('input', () => EnableServiceAccountInput) { serviceAccountId }: EnableServiceAccountInput,
    @Ctx() context: RequestContext,
  ) {
    return { serviceAccount: presentServiceAccount(await this.service.setDisabled(context, serviceAccountId, false)) };
  }
}
