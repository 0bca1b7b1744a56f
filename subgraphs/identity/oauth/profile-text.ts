import { toDisplayName } from '#core/display-name';
import { emailAddress } from '../text.ts';
import type { ExternalProfile } from './log-in-provider.ts';

/** Leaves room for what is said around it, such as the name of an organization. */
const MAX_NAME_LENGTH = 180;

/** The profile's e-mail address as accounts have it, or null where it is none. */
export const addressOf = ({ email }: ExternalProfile): string | null => emailAddress.safeParse(email).data ?? null;

/** What to call the person: what the provider says is not checked by anybody, so it is cleaned and cut. */
export function nameOf(profile: ExternalProfile): string {
  return toDisplayName(profile.name ?? '', MAX_NAME_LENGTH) || addressOf(profile)?.split('@')[0] || 'Somebody';
}
