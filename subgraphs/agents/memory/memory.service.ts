import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { badInput, conflict, forbidden, notFound } from '#core/error';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import { requirePermission, type Viewer } from '#core/viewer';
import { memoryEvent } from './memory.event.ts';
import { canErase, canWrite } from './memory.policy.ts';
import { memoryAddition, memoryEdit, newMemory } from './memory-fields.ts';
import type { MemoryReader } from './memory-reader.ts';
import type { MemoryRooms } from './memory-rooms.ts';
import {
  appended,
  assertFits,
  assertRevision,
  authorOf,
  insertBlock,
  lockBlock,
  type MemoryRow,
  reviseBlock,
} from './memory-row.ts';

/** What people do with memory: make, change and delete blocks. */
export class MemoryService {
  constructor(
    private readonly transactions: Transactions,
    private readonly reader: MemoryReader,
    private readonly rooms: MemoryRooms,
  ) {}

  async create(viewer: Viewer, input: unknown): Promise<MemoryRow> {
    requirePermission(viewer, 'memory:write');
    const { scope, label, agentId, conversationId, ...settings } = validate(newMemory, input);
    const subjectId = await this.subjectOf(viewer, scope, { agentId, conversationId });
    return this.transactions.scoped(async (unit) => {
      if (scope === 'AGENT' && !(await unit.tx.agent.findFirst({ where: { id: subjectId } }))) throw notFound('agent');
      const value = settings.value ?? '';
      const form = { scope, subjectId, label, ...given(settings), value };
      const made = await insertBlock(unit.tx, authorOf(viewer), form, 'input.value');
      if (!made) throw taken(label);
      await unit.emit(memoryEvent(viewer, 'memory.created', made.block));
      return made.block;
    });
  }

  /** Changes what is given. @throws ParleyError `CONFLICT` where somebody else has changed it since. */
  async update(viewer: Viewer, input: unknown): Promise<MemoryRow> {
    const { blockId, expectedRevision, ...settings } = validate(memoryEdit, input);
    return this.change(viewer, blockId, async (unit, block) => {
      assertRevision(block, expectedRevision);
      const change = given(settings);
      const [value, limit] = [change.value ?? block.value, change.characterLimit ?? block.characterLimit];
      assertFits(value, limit, change.value === undefined ? 'input.characterLimit' : 'input.value');
      const { scope, subjectId, id } = block;
      const { label } = change;
      if (label && (await unit.tx.memoryBlock.findFirst({ where: { scope, subjectId, label, id: { not: id } } }))) {
        throw taken(label);
      }
      const operation = value === block.value ? 'CONFIGURE' : 'WRITE';
      return (await reviseBlock(unit.tx, authorOf(viewer), block, operation, change)).block;
    });
  }

  /** Puts a text below what is there, whatever that has become. */
  async append(viewer: Viewer, input: unknown): Promise<MemoryRow> {
    const { blockId, text } = validate(memoryAddition, input);
    return this.change(viewer, blockId, async (unit, block) => {
      const value = appended(block.value, text);
      assertFits(value, block.characterLimit, 'input.text');
      return (await reviseBlock(unit.tx, authorOf(viewer), block, 'APPEND', { value })).block;
    });
  }

  /** Deletes a block and the record of what was in it. */
  async delete(viewer: Viewer, blockId: string): Promise<MemoryRow> {
    await this.reader.find(viewer, blockId);
    return this.transactions.scoped(async (unit) => {
      const block = await lockBlock(unit.tx, viewer, blockId);
      if (!canErase(viewer, block)) throw forbidden('This needs the permission memory:write.');
      await unit.tx.memoryBlock.delete({ where: { id: block.id } });
      await unit.emit(memoryEvent(viewer, 'memory.deleted', block));
      return block;
    });
  }

  /** Deletes all that is remembered of the viewer in this organization. */
  async eraseOwn(viewer: Viewer): Promise<MemoryRow[]> {
    requirePermission(viewer, 'memory:read');
    return this.transactions.scoped(async (unit) => {
      const where = { scope: 'USER' as const, subjectId: viewer.userId };
      const blocks = await unit.tx.memoryBlock.findMany({ where });
      await unit.tx.memoryBlock.deleteMany({ where });
      for (const block of blocks) await unit.emit(memoryEvent(viewer, 'memory.deleted', block));
      return blocks;
    });
  }

  private async change(
    viewer: Viewer,
    blockId: string,
    work: (unit: ScopedUnit, block: MemoryRow) => Promise<MemoryRow>,
  ): Promise<MemoryRow> {
    await this.reader.find(viewer, blockId);
    return this.transactions.scoped(async (unit) => {
      const block = await lockBlock(unit.tx, viewer, blockId);
      if (!canWrite(viewer, block)) throw forbidden('This needs the permission memory:write.');
      const changed = await work(unit, block);
      await unit.emit(memoryEvent(viewer, 'memory.updated', changed));
      return changed;
    });
  }

  /** Whose block it is to be. Of people, one makes blocks for oneself alone. */
  private async subjectOf(viewer: Viewer, scope: MemoryRow['scope'], { agentId, conversationId }: Subjects) {
    if (agentId != null && scope !== 'AGENT') throw badInput('input.agentId', 'It goes with the scope AGENT alone.');
    if (conversationId != null && scope !== 'CONVERSATION') {
      throw badInput('input.conversationId', 'It goes with the scope CONVERSATION alone.');
    }
    switch (scope) {
      case 'ORG':
        return viewer.orgId;
      case 'USER':
        return viewer.userId;
      case 'AGENT':
        if (agentId == null) throw badInput('input.agentId', 'Say of which agent.');
        if (!isId(agentId)) throw notFound('agent');
        return agentId;
      case 'CONVERSATION':
        if (conversationId == null) throw badInput('input.conversationId', 'Say of which conversation.');
        if (!(await this.rooms.canSee(viewer, conversationId))) throw notFound('conversation');
        return conversationId;
    }
  }
}

interface Subjects {
  agentId: string | null | undefined;
  conversationId: string | null | undefined;
}

const taken = (label: string) =>
  conflict('Another block has this label.', [{ path: 'input.label', message: `There is a block ${label} already.` }]);

type Given<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** The parts that are there: null keeps a setting as it is. */
const given = <T extends object>(settings: T): Given<T> =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value != null)) as Given<T>;
