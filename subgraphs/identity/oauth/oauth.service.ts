import { badInput, forbidden, notFound, ParleyError, unauthenticated } from '#core/error';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { isPerson, requirePerson } from '../session/session.policy.ts';
import type { OpenedSession } from '../session/session-opener.ts';
import type { ExternalLogInService } from './external-log-in.service.ts';
import type { LinkedAccountRow, LinkedAccountService } from './linked-account.service.ts';
import { type LogInAttempt, newAttempt, openAttempt, sealAttempt } from './log-in-attempt.ts';
import type { ExternalProfile, LogInProvider } from './log-in-provider.ts';
import { reasonOf } from './provider-failure.ts';
import { isReturnTo, readRedirectUri } from './redirect-uri.policy.ts';

export interface OAuthStart {
  provider: string;
  redirectUri: string;
  invitationToken?: string | null | undefined;
}

export interface OAuthReturn {
  attempt: string;
  callbackUrl: string;
}

/** Who somebody has turned out to be at a provider. */
export interface Returned {
  attempt: LogInAttempt;
  provider: LogInProvider;
  profile: ExternalProfile;
}

/** A used attempt is remembered a little longer than it could have been used: clocks differ. */
const MEMORY_MS = 60 * 60 * 1000;

/** Sends people to log-in providers and takes them in when they come back. */
export class OAuthService {
  constructor(
    private readonly kernel: Pick<Kernel, 'transactions' | 'sealer'>,
    private readonly providers: ReadonlyMap<string, LogInProvider>,
    private readonly origins: ReadonlySet<string>,
    private readonly logIns: ExternalLogInService,
    private readonly linkedAccounts: LinkedAccountService,
  ) {}

  listProviders(): LogInProvider[] {
    return [...this.providers.values()];
  }

  /** @throws ParleyError `NOT_FOUND`, `BAD_USER_INPUT` at `input.redirectUri`, or `UNAVAILABLE`. */
  async start(context: RequestContext, input: OAuthStart): Promise<{ authorizationUrl: string; attempt: string }> {
    const provider = this.find(input.provider);
    const { uri: redirectUri, problem } = readRedirectUri(input.redirectUri, this.origins);
    if (problem !== undefined) throw badInput('input.redirectUri', problem);
    const { viewer } = context;
    const attempt = newAttempt({
      provider: provider.id,
      redirectUri,
      userId: viewer && isPerson(viewer) ? viewer.userId : null,
      invitationToken: input.invitationToken ?? null,
    });
    const authorizationUrl = await this.asking(context, provider, () => provider.authorizationUrl(attempt));
    return { authorizationUrl: authorizationUrl.href, attempt: sealAttempt(this.kernel.sealer, attempt) };
  }

  /** Logs in as whoever the provider says it is, with a new account where there is none. */
  async complete(context: RequestContext, input: OAuthReturn): Promise<OpenedSession> {
    return this.logIns.logIn(context, await this.redeem(context, input));
  }

  /** Adds the provider's account to those that the viewer can log in with. He must have started the trip himself. */
  async link(context: RequestContext, input: OAuthReturn): Promise<LinkedAccountRow> {
    const { userId } = requirePerson(context.viewer);
    if (openAttempt(this.kernel.sealer, input.attempt).userId !== userId) {
      throw forbidden('This log-in was started by somebody else: start it again while you are logged in.');
    }
    return this.linkedAccounts.link(context, await this.redeem(context, input));
  }

  private async redeem(context: RequestContext, { attempt: sealed, callbackUrl }: OAuthReturn): Promise<Returned> {
    const attempt = openAttempt(this.kernel.sealer, sealed);
    const provider = this.find(attempt.provider);
    if (!isReturnTo(callbackUrl, attempt.redirectUri)) {
      throw badInput('input.callbackUrl', 'It must be the redirectUri with what the provider added to it.');
    }
    await this.markUsed(attempt);
    const fetchProfile = () => provider.fetchProfile(new URL(callbackUrl), attempt);
    return { attempt, provider, profile: await this.asking(context, provider, fetchProfile) };
  }

  /** Before the code is exchanged, so that of two who try at once only one gets that far. */
  private async markUsed({ id, expiresAt }: LogInAttempt): Promise<void> {
    const used = await this.kernel.transactions.system(async ({ tx }) => {
      await tx.usedLogInAttempt.deleteMany({ where: { expiresAt: { lt: new Date(Date.now() - MEMORY_MS) } } });
      const { count } = await tx.usedLogInAttempt.createMany({
        data: [{ id, expiresAt: new Date(expiresAt) }],
        skipDuplicates: true,
      });
      return count === 0;
    });
    if (used) throw unauthenticated('This log-in has been completed before. Start again.');
  }

  /** What a provider did wrong is for the operator to read: the client is told in general words only. */
  private async asking<T>({ log }: RequestContext, { id }: LogInProvider, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ParleyError && error.code === 'UNAVAILABLE') {
        log.warn({ provider: id, reason: reasonOf(error.cause) }, 'a log-in provider failed');
      }
      throw error;
    }
  }

  private find(id: string): LogInProvider {
    const provider = this.providers.get(id);
    if (!provider) throw notFound('log-in provider');
    return provider;
  }
}
