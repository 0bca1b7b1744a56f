import { jwtVerify, SignJWT } from 'jose';
import { unauthenticated } from '#core/error';
import type { RequestEnvelope } from './operation.ts';

/** The header that carries the envelope from one process to another. */
export const ENVELOPE_HEADER = 'x-parley-envelope';

/** Long enough for clocks that differ a little, short enough that a stolen one is worth nothing. */
const LIFETIME_SECONDS = 60;

const AUDIENCE = 'parley-subgraph';

/** Signs envelopes and checks those of others, with the secret that all processes of an installation share. */
export interface EnvelopeSigner {
  sign(envelope: RequestEnvelope): Promise<string>;
  /** @throws ParleyError `UNAUTHENTICATED` where it is missing, expired or not ours. */
  verify(token: string | undefined): Promise<RequestEnvelope>;
}

export function createEnvelopeSigner(internalSecret: string): EnvelopeSigner {
  const key = Buffer.from(internalSecret, 'base64url');
  return {
    sign: (envelope) =>
      new SignJWT({ envelope })
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(`${LIFETIME_SECONDS}s`)
        .sign(key),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token ?? '', key, {
          algorithms: ['HS256'],
          audience: AUDIENCE,
          clockTolerance: 30,
        });
        return payload.envelope as RequestEnvelope;
      } catch {
        throw unauthenticated('This address serves only the other processes of Parley. Clients talk to the gateway.');
      }
    },
  };
}
