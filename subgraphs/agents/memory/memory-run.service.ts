import type { Database } from '#core/database/database';
import type { ScopedTransaction } from '#core/database/scoped-client';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { badInput, conflict, forbidden, notFound } from '#core/error';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import { requireViewer, type Viewer } from '#core/viewer';
import { type MemoryEventType, memoryEvent } from './memory.event.ts';
import { type MemoryWrite, memoryWrite } from './memory-fields.ts';
import {
  appended,
  assertFits,
  assertRevision,
  insertBlock,
  type MemoryAuthor,
  type MemoryRevisionRow,
  type MemoryRow,
  reviseBlock,
} from './memory-row.ts';

/** Within what an agent works. */
export interface MemoryPlace {
  agentId: string;
  /** The person whom it talks to; null where there is none. */
  userId: string | null;
  conversationId: string;
}

/** What a write of an agent came to. */
export interface WrittenMemory {
  block: MemoryRow;
  revision: MemoryRevisionRow;
}

/** A block as an agent reads it: its text whole or the beginning of it. */
export interface ReadMemory extends MemoryRow {
  /** How long the text is. */
  characters: number;
}

/** Memory as agents read and write it while they run: that of the organization, their own, the person's, the room's. */
export class MemoryForRun {
  constructor(
    private readonly database: Pick<Database, 'scopedPool'>,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Everything that the agent has in mind here, or the blocks of these labels: shared first, each scope by label.
   * @param maxCharacters Of all texts together: the last ones are cut. Null: no bound.
   */
  async read(
    viewer: Viewer,
    place: MemoryPlace,
    { labels, maxCharacters }: { labels: readonly string[] | null; maxCharacters: number | null },
  ): Promise<ReadMemory[]> {
    const subjects = SCOPES.flatMap((scope) => {
      const subjectId = subjectOf(scope, requireViewer(viewer), place);
      return isId(subjectId) ? [{ scope, subjectId }] : [];
    });
    const { rows } = await this.database.scopedPool.query<ReadMemory>(READ, [
      subjects.map(({ scope }) => scope),
      subjects.map(({ subjectId }) => subjectId),
      labels,
      maxCharacters,
    ]);
    return rows;
  }

  /**
   * Writes for an agent, once for each idempotency key. A block of its own, of the person or of the room is made where
   * there is none; those of the organization are made by people.
   * @throws ParleyError `NOT_FOUND`, `FORBIDDEN` where it is read-only, `CONFLICT` where the block is not what was expected.
   */
  async write(viewer: Viewer, input: unknown): Promise<WrittenMemory> {
    const write = validate(memoryWrite, input);
    const subjectId = subjectOf(write.scope, viewer, { ...write, userId: write.userId ?? null });
    if (subjectId === null) throw badInput('input.scope', 'Nobody is there whom this memory would be of.');
    return this.transactions.scoped((unit) => attempt(unit, viewer, write, subjectId));
  }
}

/** Whoever wants to write the same block waits at its lock, so what is looked for after it stays so. */
async function attempt(
  unit: ScopedUnit,
  viewer: Viewer,
  write: MemoryWrite,
  subjectId: string,
): Promise<WrittenMemory> {
  const { tx } = unit;
  const { scope, label, idempotencyKey, operation, text } = write;
  const block = await lockByLabel(tx, scope, subjectId, label);
  const earlier = await tx.memoryRevision.findFirst({ where: { idempotencyKey }, include: { block: true } });
  if (earlier) return { block: earlier.block, revision: earlier };
  if (operation === 'APPEND' && text === '') throw badInput('input.text', 'Say what to add.');
  const author = authorOf(write);
  const tell = async (type: MemoryEventType, written: WrittenMemory) => {
    await unit.emit(memoryEvent(viewer, type, written.block, { agentId: write.agentId, runId: write.runId ?? null }));
    return written;
  };
  if (block) return tell('memory.updated', await revise(tx, author, block, write));
  if (scope === 'ORG' || operation === 'REPLACE') throw notFound('memory block');
  const made = await insertBlock(tx, author, { scope, subjectId, label, value: text }, 'input.text');
  // Where it was not made, somebody else was quicker: it is there by now.
  return made ? tell('memory.created', made) : attempt(unit, viewer, write, subjectId);
}

const READ = `
  SELECT id::text, org_id::text AS "orgId", scope, subject_id::text AS "subjectId", label, description,
         CASE WHEN $4::int IS NULL THEN value ELSE left(value, greatest(0, $4::int - before)::int) END AS value,
         length(value) AS characters, character_limit AS "characterLimit", read_only AS "readOnly", revision,
         created_at AS "createdAt", updated_at AS "updatedAt"
  FROM (
    SELECT b.*, sum(length(b.value)) OVER (ORDER BY b.scope, b.label) - length(b.value) AS before
    FROM memory_blocks b JOIN unnest($1::text[], $2::uuid[]) AS s (scope, subject)
      ON b.scope = s.scope::"MemoryScope" AND b.subject_id = s.subject
    WHERE $3::text[] IS NULL OR b.label = ANY($3::text[])
  ) found ORDER BY scope, label`;

const SCOPES = ['ORG', 'AGENT', 'USER', 'CONVERSATION'] as const;

const subjectOf = (scope: MemoryRow['scope'], viewer: Viewer, place: MemoryPlace): string | null =>
  ({ ORG: viewer.orgId, AGENT: place.agentId, USER: place.userId, CONVERSATION: place.conversationId })[scope];

const authorOf = ({ agentId, userId, conversationId, runId, idempotencyKey }: MemoryWrite): MemoryAuthor => ({
  authorKind: 'AGENT',
  authorId: agentId,
  onBehalfOfId: userId ?? null,
  conversationId,
  runId: runId ?? null,
  idempotencyKey,
});

async function lockByLabel(
  tx: ScopedTransaction,
  scope: MemoryRow['scope'],
  subjectId: string,
  label: string,
): Promise<MemoryRow | null> {
  const [locked] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM memory_blocks
    WHERE scope = ${scope}::"MemoryScope" AND subject_id = ${subjectId}::uuid AND label = ${label} FOR UPDATE`;
  // Not by its label: one that was made since then would be found without being locked.
  return locked ? tx.memoryBlock.findFirst({ where: { id: locked.id } }) : null;
}

async function revise(
  tx: ScopedTransaction,
  author: MemoryAuthor,
  block: MemoryRow,
  write: MemoryWrite,
): Promise<WrittenMemory> {
  if (block.readOnly) throw forbidden('The block is read-only for agents.');
  const value = valueAfter(block, write);
  assertFits(value, block.characterLimit, 'input.text');
  return reviseBlock(tx, author, block, write.operation, { value });
}

/** @throws ParleyError where what the agent expects of the block is not so. */
function valueAfter(block: MemoryRow, { operation, text, oldText, expectedRevision }: MemoryWrite): string {
  if (expectedRevision != null) assertRevision(block, expectedRevision);
  switch (operation) {
    case 'APPEND':
      return appended(block.value, text);
    case 'WRITE':
      if (expectedRevision == null && block.value !== '') {
        throw badInput(
          'input.expectedRevision',
          'The block holds something: read it, and give the revision that was read.',
        );
      }
      return text;
    case 'REPLACE':
      return replacedOnce(block.value, oldText ?? '', text);
  }
}

function replacedOnce(value: string, oldText: string, text: string): string {
  if (oldText === '') throw badInput('input.oldText', 'Say which text to replace.');
  const [before, ...others] = value.split(oldText);
  if (others.length === 0) throw conflict('The block does not hold the old text: read it again.');
  if (others.length > 1) throw badInput('input.oldText', `The block holds it ${others.length} times: give more of it.`);
  return `${before}${text}${others[0]}`;
}
