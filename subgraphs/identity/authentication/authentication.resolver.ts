import { Arg, Ctx, Directive, ID, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { AuthenticationService } from './authentication.service.ts';
import { presentViewer } from './viewer.presenter.ts';
import type { ViewerService } from './viewer.service.ts';
import { AuthenticatedViewer, CredentialReferenceInput, Principal, ViewerType } from './viewer.type.ts';

@Resolver()
export class AuthenticationResolver {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly viewers: ViewerService,
  ) {}

  @Query(() => ViewerType, { nullable: true, description: 'Who is asking; null when anonymous.' })
  async viewer(@Ctx() context: RequestContext) {
    const identity = await this.viewers.identity(context);
    return identity && presentViewer(identity);
  }

  @Directive('@inaccessible')
  @Query(() => AuthenticatedViewer, {
    nullable: true,
    description: 'Who stands behind an access token or an API key; null where it does not hold.',
  })
  async authenticate(@Arg('credential', () => String) credential: string) {
    return this.authentication.authenticate(credential);
  }

  @Directive('@inaccessible')
  @Query(() => Principal, {
    nullable: true,
    description:
      'What a person or service account may do now in the organization of the viewer; null where it is gone or disabled.',
  })
  async principal(@Ctx() context: RequestContext, @Arg('userId', () => ID) userId: string) {
    return this.authentication.principal(requireViewer(context.viewer).orgId, userId);
  }

  @Directive('@inaccessible')
  @Query(() => [AuthenticatedViewer], {
    nullable: 'items',
    description:
      'Looks again at credentials that were let in before, in the order given; null where one holds no more.',
  })
  async recheckCredentials(
    @Arg('credentials', () => [CredentialReferenceInput]) credentials: CredentialReferenceInput[],
  ) {
    return this.authentication.recheck(credentials);
  }
}
