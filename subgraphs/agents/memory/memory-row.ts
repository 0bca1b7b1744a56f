import type { ScopedTransaction } from '#core/database/scoped-client';
import { badInput, conflict, notFound, ParleyError } from '#core/error';
import { isId } from '#core/id';
import type { Viewer } from '#core/viewer';
import type { MemoryBlock, MemoryOperation, MemoryRevision, ParticipantKind } from '#prisma/generated/client';
import { concerns } from './memory.policy.ts';
import { MEMORY_LIMITS } from './memory-fields.ts';

export type MemoryRow = MemoryBlock;
export type MemoryRevisionRow = MemoryRevision;

/** Who writes, and in what. */
export interface MemoryAuthor {
  authorKind: ParticipantKind;
  authorId: string;
  onBehalfOfId?: string | null;
  conversationId?: string | null;
  runId?: string | null;
  idempotencyKey?: string | null;
}

export const authorOf = (viewer: Viewer): MemoryAuthor => ({ authorKind: 'USER', authorId: viewer.userId });

/**
 * Reads a block and keeps others from writing it until the transaction ends: writers take turns, so none is lost.
 * @throws ParleyError `NOT_FOUND` where there is none for the viewer.
 */
export async function lockBlock(tx: ScopedTransaction, viewer: Viewer, id: string): Promise<MemoryRow> {
  if (!isId(id)) throw notFound('memory block');
  await tx.$queryRaw`SELECT id FROM memory_blocks WHERE id = ${id}::uuid FOR UPDATE`;
  const block = await tx.memoryBlock.findFirst({ where: { id } });
  if (!block || !concerns(viewer, block)) throw notFound('memory block');
  return block;
}

/** A new block: everything but what the database fills in. */
export type NewMemory = Pick<MemoryRow, 'scope' | 'subjectId' | 'label' | 'value'> &
  Partial<Pick<MemoryRow, 'description' | 'characterLimit' | 'readOnly'>>;

/**
 * Makes a block and its first revision; null where its subject has one of this label.
 * @throws ParleyError `CONFLICT` where the subject has as many as it may have, `BAD_USER_INPUT` where the text is too long.
 */
export async function insertBlock(
  tx: ScopedTransaction,
  author: MemoryAuthor,
  { characterLimit = MEMORY_LIMITS.defaultValue, ...rest }: NewMemory,
  path: string,
): Promise<{ block: MemoryRow; revision: MemoryRevisionRow } | null> {
  assertFits(rest.value, characterLimit, path);
  const { scope, subjectId } = rest;
  if ((await tx.memoryBlock.count({ where: { scope, subjectId } })) >= MEMORY_LIMITS.blocksPerSubject) {
    throw conflict(
      `There are ${MEMORY_LIMITS.blocksPerSubject} blocks already: delete one, or write into one of them.`,
    );
  }
  const [block] = await tx.memoryBlock.createManyAndReturn({
    data: [{ ...rest, characterLimit }],
    skipDuplicates: true,
  });
  return block ? { block, revision: await insertRevision(tx, author, block, 'CREATE') } : null;
}

/** Changes a locked block, and writes down who did it. */
export async function reviseBlock(
  tx: ScopedTransaction,
  author: MemoryAuthor,
  block: MemoryRow,
  operation: MemoryOperation,
  change: Partial<Pick<MemoryRow, 'label' | 'description' | 'value' | 'characterLimit' | 'readOnly'>>,
): Promise<{ block: MemoryRow; revision: MemoryRevisionRow }> {
  const data = { ...change, revision: block.revision + 1 };
  const changed = await tx.memoryBlock.update({ where: { id: block.id }, data });
  return { block: changed, revision: await insertRevision(tx, author, changed, operation) };
}

function insertRevision(
  tx: ScopedTransaction,
  author: MemoryAuthor,
  { id: blockId, revision: number, value }: MemoryRow,
  operation: MemoryOperation,
): Promise<MemoryRevisionRow> {
  return tx.memoryRevision.create({ data: { ...author, blockId, number, value, operation } });
}

/** What a block holds once `text` stands below the rest. */
export const appended = (value: string, text: string): string => (value === '' ? text : `${value}\n${text}`);

/** @throws ParleyError `BAD_USER_INPUT` where the text is longer than the block may be. */
export function assertFits(value: string, limit: number, path: string): void {
  if (value.length <= limit) return;
  const [has, most] = [value.length.toLocaleString('en'), limit.toLocaleString('en')];
  throw badInput(path, `The block would have ${has} characters; it holds ${most} at most. Shorten it first.`);
}

/** @throws ParleyError `CONFLICT` with the present revision in `extensions.revision`. */
export function assertRevision({ revision }: MemoryRow, expected: number): void {
  if (expected === revision) return;
  throw new ParleyError('CONFLICT', `The block has changed: it is now at revision ${revision}, not ${expected}.`, {
    extensions: { revision },
  });
}
