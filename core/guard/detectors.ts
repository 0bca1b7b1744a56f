import { CARD } from './card.ts';
import { EMAIL } from './email.ts';
import { IBAN } from './iban.ts';
import { PHONE } from './phone.ts';
import type { Detector } from './scanner.ts';
import { SECRET } from './secret.ts';

/** What can be looked for by its name. Of two that begin at the same place the first names what was found. */
export const DETECTORS = { SECRET, CARD, IBAN, EMAIL, PHONE } as const satisfies Record<string, Detector>;

export type DetectorName = keyof typeof DETECTORS;
