import type { Kernel } from '#core/kernel';
import { buildFederatedSchema } from '#core/subgraph/build-schema';
import type { Subgraph } from '#core/subgraph/subgraph';
import { AccountResolver } from './account/account.resolver.ts';
import { AccountService } from './account/account.service.ts';
import { LogInGuard } from './account/log-in-guard.ts';
import { createUserLoader } from './account/user.loaders.ts';
import { presentUser } from './account/user.presenter.ts';
import { ApiKeyResolver } from './api-key/api-key.resolver.ts';
import { ApiKeyService } from './api-key/api-key.service.ts';
import { AccessTokens } from './authentication/access-token.ts';
import { AuthenticationResolver } from './authentication/authentication.resolver.ts';
import { AuthenticationService } from './authentication/authentication.service.ts';
import { ViewerService } from './authentication/viewer.service.ts';
import { ErasureResolver } from './erasure/erasure.resolver.ts';
import { ErasureService } from './erasure/erasure.service.ts';
import { InstallationResolver } from './installation/installation.resolver.ts';
import { InstallationService } from './installation/installation.service.ts';
import { InvitationResolver } from './invitation/invitation.resolver.ts';
import { InvitationService } from './invitation/invitation.service.ts';
import { InvitationAcceptanceService } from './invitation/invitation-acceptance.service.ts';
import { MemberResolver } from './member/member.resolver.ts';
import { MemberService } from './member/member.service.ts';
import { configuredProviders } from './oauth/configured-provider.ts';
import { ExternalLogInService } from './oauth/external-log-in.service.ts';
import { LinkedAccountService } from './oauth/linked-account.service.ts';
import { OAuthResolver } from './oauth/oauth.resolver.ts';
import { OAuthService } from './oauth/oauth.service.ts';
import { allowedOrigins } from './oauth/redirect-uri.policy.ts';
import { presentOrganization } from './organization/organization.presenter.ts';
import { OrganizationResolver } from './organization/organization.resolver.ts';
import { OrganizationService } from './organization/organization.service.ts';
import { permissions } from './permissions.ts';
import { RoleResolver } from './role/role.resolver.ts';
import { RoleService } from './role/role.service.ts';
import { ServiceAccountResolver } from './service-account/service-account.resolver.ts';
import { ServiceAccountService } from './service-account/service-account.service.ts';
import { LogInService } from './session/log-in.service.ts';
import { RefreshService } from './session/refresh.service.ts';
import { SessionResolver } from './session/session.resolver.ts';
import { SessionService } from './session/session.service.ts';
import { SessionOpener } from './session/session-opener.ts';
import { startSessionPurge } from './session/session-purge.ts';
import { SignUpService } from './session/sign-up.service.ts';

/** Who people and programs are, where they belong and what they may do. */
export async function createIdentity(kernel: Kernel): Promise<Subgraph> {
  const accessTokens = new AccessTokens(kernel.secrets.tokenSecret);
  const opener = new SessionOpener(kernel.database, accessTokens);
  const guard = new LogInGuard(kernel);
  const users = createUserLoader(kernel.database);
  const logIns = new LogInService(kernel, guard, opener);
  const organizations = new OrganizationService(kernel);
  const members = new MemberService(kernel);
  const linkedAccounts = new LinkedAccountService(kernel);
  const oauth = new OAuthService(
    kernel,
    configuredProviders(kernel.environment, kernel.log),
    allowedOrigins(kernel.environment),
    new ExternalLogInService(kernel, opener),
    linkedAccounts,
  );

  const schema = await buildFederatedSchema({
    resolvers: [
      new AuthenticationResolver(new AuthenticationService(kernel, accessTokens), new ViewerService(kernel)),
      new SessionResolver(
        new SignUpService(kernel, opener),
        logIns,
        new RefreshService(kernel, opener),
        new SessionService(kernel, opener),
      ),
      new AccountResolver(new AccountService(kernel, guard)),
      new OrganizationResolver(organizations, members),
      new MemberResolver(members),
      new RoleResolver(new RoleService(kernel)),
      new InvitationResolver(
        new InvitationService(kernel),
        new InvitationAcceptanceService(kernel, logIns, opener),
        users,
      ),
      new ApiKeyResolver(new ApiKeyService(kernel), users),
      new ServiceAccountResolver(new ServiceAccountService(kernel)),
      new OAuthResolver(oauth, linkedAccounts),
      new ErasureResolver(new ErasureService(kernel)),
      new InstallationResolver(new InstallationService(kernel)),
    ],
    permissions,
    references: {
      User: async ({ id }, context) => {
        const user = await users(context).load(id);
        return user && presentUser(user, context.viewer);
      },
      Organization: async ({ id }, context) => {
        const organization = await organizations.byReference(context, id);
        return organization && presentOrganization(organization);
      },
    },
  });
  return {
    name: 'identity',
    schema,
    jobs: [],
    consumers: [],
    startWorker: () => startSessionPurge(kernel.database, kernel.log),
  };
}
