import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { Database } from '#core/database/database';
import type { RawTransaction } from '#core/database/transaction';
import type { Sealer } from '#core/seal';
import { canonicalJson } from './audit-hash.ts';

/** After how many entries the head is signed by itself. */
export const CHECKPOINT_EVERY = 1_000;

const SETTING = 'audit-key';
const PURPOSE = 'audit key';

/** The head of a trail at a time. */
export interface Head {
  orgId: string;
  seq: number;
  hash: string;
}

export interface Checkpoint extends Head {
  at: Date;
  keyId: string;
  signature: string;
}

/** The key that signs, taken out of its seal. */
export interface SigningKey {
  /** The first half of the SHA-256 of the public key, as hexadecimal digits. */
  id: string;
  /** SPKI in PEM. */
  publicKey: string;
  sign(text: string): string;
  verify(text: string, signature: string): boolean;
}

/** The installation's own key for heads of trails: Ed25519, made when it is first needed, and kept sealed. */
export class AuditKey {
  private loaded: Promise<SigningKey> | undefined;

  constructor(
    private readonly database: Pick<Database, 'systemPool'>,
    private readonly sealer: Sealer,
  ) {}

  load(): Promise<SigningKey> {
    this.loaded ??= this.read().catch((error: unknown) => {
      this.loaded = undefined;
      throw error;
    });
    return this.loaded;
  }

  private async read(): Promise<SigningKey> {
    const { privateKey } = generateKeyPairSync('ed25519');
    const made = Buffer.from(this.sealer.seal(privateKey.export({ type: 'pkcs8', format: 'der' }), PURPOSE));
    const pool = this.database.systemPool;
    // Whoever comes second finds what the first one made.
    await pool.query('INSERT INTO settings (key, value) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING', [
      SETTING,
      JSON.stringify({ sealed: made.toString('base64') }),
    ]);
    const { rows } = await pool.query<{ value: { sealed: string } }>('SELECT value FROM settings WHERE key = $1', [
      SETTING,
    ]);
    const opened = this.sealer.open(Buffer.from(rows[0]?.value.sealed ?? '', 'base64'), PURPOSE);
    return toKey(createPrivateKey({ key: opened, format: 'der', type: 'pkcs8' }));
  }
}

function toKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    id: createHash('sha256').update(der).digest('hex').slice(0, 32),
    publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
    verify: (text, signature) => verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64')),
  };
}

/** What is signed: canonical JSON of the head and its time. */
export const signedText = ({ orgId, seq, hash, at }: Head & { at: Date }): string =>
  canonicalJson({ organizationId: orgId, seq, hash, at });

/** Signs a head within a transaction. One that was signed already stays as it is. */
export async function writeCheckpoint(
  tx: Pick<RawTransaction, '$executeRaw'>,
  key: SigningKey,
  head: Head,
): Promise<void> {
  const at = new Date();
  const signature = key.sign(signedText({ ...head, at }));
  await tx.$executeRaw`
    INSERT INTO audit_checkpoints (org_id, seq, hash, at, key_id, signature)
    VALUES (${head.orgId}::uuid, ${head.seq}::bigint, ${head.hash}, ${at}::timestamptz, ${key.id}, ${signature})
    ON CONFLICT DO NOTHING`;
}

/** Whether a checkpoint is this installation's, and says what was signed. */
export const isGenuine = (key: SigningKey, checkpoint: Checkpoint): boolean =>
  checkpoint.keyId === key.id && key.verify(signedText(checkpoint), checkpoint.signature);
