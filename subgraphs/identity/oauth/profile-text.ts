import { emailAddress } from '../text.ts';
import type { ExternalProfile } from './log-in-provider.ts';

/** Leaves room for what is said around it, such as the name of an organization. */
const MAX_NAME_LENGTH = 180;

/** The profile's e-mail address as accounts have it, or null where it is none. */
export const addressOf = ({ email }: ExternalProfile): string | null => emailAddress.safeParse(email).data ?? null;

/** What to call the person: what the provider says is not checked by anybody, so it is cleaned and cut. */
export function nameOf(profile: ExternalProfile): string {
  const cleaned = (profile.name ?? '').replace(/\p{Cc}/gu, '').trim();
  return cleaned.slice(0, MAX_NAME_LENGTH) || addressOf(profile)?.split('@')[0] || 'Somebody';
}
