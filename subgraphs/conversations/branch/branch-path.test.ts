import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BranchFork, isOn, newestWith, type Place, pathOf } from './branch-path.ts';

/** What somebody does in a room: writes, makes another version of what is shown, or shows another version. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'write' as const, at: 0 }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('edit' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('select' as const), at: fc.nat() }) },
);

/** The room as it is told by its rows, and beside it the histories themselves, each kept whole. */
class Room {
  readonly branches: (BranchFork & { first: Place })[] = [];
  readonly messages: Place[] = [];
  readonly histories = new Map<string | null, Place[]>([[null, []]]);
  selected: string | null = null;

  get shown(): Place[] {
    return this.histories.get(this.selected) ?? [];
  }

  write(): Place {
    const place = { branchId: this.selected, position: BigInt(this.messages.length + 1) };
    this.messages.push(place);
    this.shown.push(place);
    return place;
  }

  edit(of: Place): void {
    const kept = this.shown.slice(0, this.shown.indexOf(of));
    const sibling = this.branches.find(({ first }) => first === of);
    const id = `b${String(this.branches.length).padStart(4, '0')}`;
    const parentId = sibling ? sibling.parentId : of.branchId;
    const forkPosition = sibling ? sibling.forkPosition : of.position;
    this.selected = id;
    this.histories.set(id, [...kept]);
    this.branches.push({ id, parentId, forkPosition, first: this.write() });
  }
}

describe('what is shown of a room', () => {
  it('is the selected history, whole and nothing else, whatever was written, edited and selected before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const room = new Room();
        for (const { kind, at } of steps) {
          const target = room.messages[at % Math.max(1, room.messages.length)];
          const visible = room.shown[at % Math.max(1, room.shown.length)];
          if (kind === 'write') room.write();
          else if (kind === 'edit' && visible) room.edit(visible);
          else if (kind === 'select' && target) room.selected = newestWith(room.branches, target);
          if (kind === 'select' && target) expect(room.shown).toContain(target);
          const path = pathOf(room.branches, room.selected);
          expect(room.messages.filter((message) => isOn(path, message))).toEqual(room.shown);
        }
      }),
    );
  });
});
