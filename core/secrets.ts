/** The secrets of an installation: base64url of 32 random bytes each, or derived from PARLEY_SECRET. */
export interface Secrets {
  /** Signs access tokens. */
  tokenSecret: string;
  /** Signs the viewer that one process hands to another. */
  internalSecret: string;
  /** Seals what must not lie readable in the database. */
  sealingKey: string;
}
