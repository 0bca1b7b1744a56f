import { errors, jwtVerify, SignJWT } from 'jose';

/** Seconds. Short, since whatever holds the token holds the session until it expires or is revoked. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;

const ISSUER = 'parley';
const ALGORITHM = 'HS256';

/** What an access token says. Role and permissions are not in it: they are looked up, so that a change holds at once. */
export interface AccessClaims {
  sessionId: string;
  userId: string;
  orgId: string;
}

/** Signs and reads access tokens: JWTs under the installation's own secret. */
export class AccessTokens {
  private readonly key: Uint8Array;

  /** @param tokenSecret 32 bytes or more, base64url. */
  constructor(tokenSecret: string) {
    this.key = Buffer.from(tokenSecret, 'base64url');
  }

  async sign({ sessionId, userId, orgId }: AccessClaims): Promise<{ token: string; expiresAt: Date }> {
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + ACCESS_TOKEN_SECONDS;
    const token = await new SignJWT({ sid: sessionId, org: orgId })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt' })
      .setIssuer(ISSUER)
      .setAudience(ISSUER)
      .setSubject(userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.key);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }

  /** What a token says and until when, or null where it is not one of ours or has expired. */
  async read(token: string): Promise<(AccessClaims & { expiresAt: Date }) | null> {
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: ISSUER,
        typ: 'at+jwt',
        requiredClaims: ['sub', 'sid', 'org', 'exp'],
      });
      const { sub, sid, org, exp } = payload;
      if (typeof sid !== 'string' || typeof org !== 'string' || !sub || !exp) return null;
      return { sessionId: sid, userId: sub, orgId: org, expiresAt: new Date(exp * 1000) };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }
}
