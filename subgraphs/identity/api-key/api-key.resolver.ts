import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { toPage } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import type { UserLoader } from '../account/user.loaders.ts';
import { createdCursor } from '../created-page.ts';
import { ForwardPageArgs } from '../page-args.ts';
import { presentApiKey } from './api-key.presenter.ts';
import type { ApiKeyService } from './api-key.service.ts';
import {
  ApiKeyConnection,
  ApiKeyFilter,
  CreateApiKeyInput,
  CreateApiKeyPayload,
  RevokeApiKeyInput,
  RevokeApiKeyPayload,
} from './api-key.type.ts';

@Resolver()
export class ApiKeyResolver {
  constructor(
    private readonly service: ApiKeyService,
    private readonly users: UserLoader,
  ) {}

  @Query(() => ApiKeyConnection, {
    description:
      'The viewer’s own keys, those of service accounts and those of everybody, as far as the viewer may see them.',
  })
  async apiKeys(
    @Args(() => ForwardPageArgs) args: ForwardPageArgs,
    @Arg('filter', () => ApiKeyFilter, { nullable: true }) filter: ApiKeyFilter | null,
    @Ctx() context: RequestContext,
  ) {
    const { page, rows, count } = await this.service.list(context, args, filter ?? {});
    const present = (row: (typeof rows)[number]) => presentApiKey(row, context, this.users);
    return toPage(page.request, rows, { cursorOf: createdCursor, present, totalCount: count });
  }

  @Mutation(() => CreateApiKeyPayload, { description: 'Makes a key for the viewer or for a service account.' })
  async createApiKey(@Arg('input', () => CreateApiKeyInput) input: CreateApiKeyInput, @Ctx() context: RequestContext) {
    const { apiKey, secret } = await this.service.create(context, input);
    return { apiKey: presentApiKey(apiKey, context, this.users), secret };
  }

  @Mutation(() => RevokeApiKeyPayload, { description: 'Takes effect at once, also on open sockets.' })
  async revokeApiKey(@Arg('input', () => RevokeApiKeyInput) input: RevokeApiKeyInput, @Ctx() context: RequestContext) {
    return { apiKey: presentApiKey(await this.service.revoke(context, input), context, this.users) };
  }
}
