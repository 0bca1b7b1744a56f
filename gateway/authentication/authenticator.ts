import { createHash } from 'node:crypto';
import { unauthenticated } from '#core/error';
import type { Peers } from '#core/peer/peer';
import type { Credential, Viewer } from '#core/viewer';
import type { ViewerChange } from '#core/viewer-change';
import { AUTHENTICATE, type AuthenticatedViewer, RECHECK, toViewer } from './identity-query.ts';
import { VerdictCache } from './verdict-cache.ts';

/** Finds out who calls, by asking the identity subgraph, and looks again at those who stay connected. */
export class Authenticator {
  private readonly verdicts = new VerdictCache();

  constructor(private readonly peers: Peers) {}

  /**
   * @param header The value of `Authorization`, or of `authorization` in `connection_init`.
   * @returns null without a header: an anonymous caller.
   * @throws ParleyError `UNAUTHENTICATED` where there is one that does not hold.
   */
  async authenticate(header: string | undefined): Promise<Viewer | null> {
    if (!header) return null;
    const secret = /^Bearer +(\S+) *$/i.exec(header)?.[1];
    if (!secret)
      throw unauthenticated('The Authorization header must be: Bearer, a space, and an access token or API key.');
    const viewer = await this.lookUp(secret);
    if (!viewer || hasExpired(viewer.credential)) {
      throw unauthenticated(
        'The access token or API key is unknown, expired or revoked. Log in again or make a new key.',
      );
    }
    return viewer;
  }

  /** What becomes of each credential now: its viewer with the present permissions, or null where it no longer holds. */
  async recheck(credentials: Credential[]): Promise<(Viewer | null)[]> {
    if (credentials.length === 0) return [];
    const references = credentials.map(({ kind, id }) => ({ kind, id }));
    const { recheckCredentials } = await this.peers.call<{ recheckCredentials: (AuthenticatedViewer | null)[] }>(
      'identity',
      { query: RECHECK, variables: { credentials: references }, viewer: null },
    );
    return recheckCredentials.map((found, index) => {
      const expiresAt = credentials[index]?.expiresAt ?? null;
      // The session lives on where an access token has ended: it is the token that let this caller in.
      return found && !hasExpired({ expiresAt }) ? toViewer(found, expiresAt) : null;
    });
  }

  /** Forgets what may no longer hold. */
  forget(change: ViewerChange): void {
    this.verdicts.forget(change);
  }

  private lookUp(secret: string): Promise<Viewer | null> {
    const key = createHash('sha256').update(secret).digest('base64url');
    return this.verdicts.of(key, () => this.ask(secret));
  }

  private async ask(secret: string): Promise<Viewer | null> {
    const { authenticate } = await this.peers.call<{ authenticate: AuthenticatedViewer | null }>('identity', {
      query: AUTHENTICATE,
      variables: { credential: secret },
      viewer: null,
    });
    return authenticate && toViewer(authenticate);
  }
}

const hasExpired = ({ expiresAt }: Pick<Credential, 'expiresAt'>): boolean =>
  expiresAt !== null && expiresAt <= Date.now();
