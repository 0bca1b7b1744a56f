import type { RawTransaction } from '#core/database/transaction';
import { badInputs, conflict, ParleyError } from '#core/error';
import type { Attachment } from '#prisma/generated/client';
import type { AttachmentValue } from './attachment-value.ts';

/** What is shown of a row. */
export const toValue = (row: ValueColumns): AttachmentValue => ({
  id: row.id,
  fileName: row.fileName,
  mimeType: row.mimeType,
  byteSize: row.byteSize,
  width: row.width,
  height: row.height,
  createdAt: row.createdAt.toISOString(),
});

type ValueColumns = Pick<Attachment, 'id' | 'fileName' | 'mimeType' | 'byteSize' | 'width' | 'height' | 'createdAt'>;

const VALUE_COLUMNS = `id::text, file_name AS "fileName", mime_type AS "mimeType", byte_size AS "byteSize", width, height,
  created_at AS "createdAt"`;

export interface Measures {
  byteSize: number;
  sha256: string;
}

/** How long an upload waits to be sent, in hours. */
const KEPT_UNSENT_HOURS = 24;

/**
 * The bytes are in the store: from now on the file counts, and can be sent.
 * @throws ParleyError `QUOTA_EXCEEDED` where the organization has no room for it; `CONFLICT` where it took so long that it
 * was given up.
 */
export async function settle(
  tx: RawTransaction,
  { id, orgId }: Pick<Attachment, 'id' | 'orgId'>,
  { byteSize, sha256 }: Measures,
  quotaBytes: number,
): Promise<void> {
  // One after the other in an organization, so that many at once do not all find the same room.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`attachments ${orgId}`}, 0))`;
  if ((await keptBytes(tx, orgId)) + byteSize > quotaBytes) throw noRoom(quotaBytes);
  const settled = await tx.$executeRaw`
    UPDATE attachments SET state = 'READY', byte_size = ${byteSize}, sha256 = ${sha256},
           expires_at = clock_timestamp() + make_interval(hours => ${KEPT_UNSENT_HOURS}::int)
    WHERE id = ${id}::uuid AND state = 'RECEIVING' AND expires_at > clock_timestamp()`;
  if (settled === 0) throw conflict('The upload took too long and was given up. Send it again.');
}

/** All that an organization keeps, in bytes. */
export async function keptBytes(tx: Pick<RawTransaction, '$queryRaw'>, orgId: string): Promise<number> {
  const rows = await tx.$queryRaw<{ bytes: string }[]>`
    SELECT coalesce(sum(byte_size), 0)::text AS bytes FROM attachments WHERE org_id = ${orgId}::uuid AND state = 'READY'`;
  return Number(rows[0]?.bytes ?? 0);
}

export const noRoom = (quotaBytes: number) =>
  new ParleyError(
    'QUOTA_EXCEEDED',
    `The organization keeps as many files as it may, ${quotaBytes} bytes: delete conversations with files in them.`,
  );

export interface Sending {
  ids: readonly string[];
  /** Who sends: nobody sends what somebody else has uploaded. */
  userId: string;
  message: { id: string; orgId: string; conversationId: string };
}

/**
 * Gives a message its files, in the transaction that writes it.
 * @returns them in the order of `ids`.
 * @throws ParleyError `BAD_USER_INPUT` with the path of each that is not there, not one's own, or was sent already.
 */
export async function send(tx: RawTransaction, { ids, userId, message }: Sending): Promise<AttachmentValue[]> {
  if (ids.length === 0) return [];
  const rows = await tx.$queryRawUnsafe<ValueColumns[]>(
    `UPDATE attachments SET sent_at = clock_timestamp(), expires_at = NULL
     WHERE id = ANY($1::uuid[]) AND created_by_kind = 'USER' AND created_by_id = $2::uuid
       AND state = 'READY' AND sent_at IS NULL AND expires_at > clock_timestamp()
     RETURNING ${VALUE_COLUMNS}`,
    ids,
    userId,
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  const problems = ids.flatMap((id, index) =>
    found.has(id) ? [] : [{ path: `input.attachmentIds.${index}`, message: 'There is no such upload to be sent.' }],
  );
  if (problems.length > 0) throw badInputs(problems);
  await addUses(tx, ids, message);
  return ids.flatMap((id) => found.get(id) ?? []).map(toValue);
}

/** Says that a message has these files, such as a copy of the one that they were sent with. */
export async function addUses(tx: RawTransaction, ids: readonly string[], message: Sending['message']): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO attachment_uses (org_id, attachment_id, message_id, conversation_id)
    SELECT ${message.orgId}::uuid, id, ${message.id}::uuid, ${message.conversationId}::uuid
    FROM unnest(${ids}::uuid[]) AS id ON CONFLICT DO NOTHING`;
}

/** A file that a message has from the beginning, since nobody has uploaded it. */
export async function markSent(tx: RawTransaction, id: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE attachments SET sent_at = clock_timestamp(), expires_at = NULL WHERE id = ${id}::uuid`;
}
