import { LRUCache } from 'lru-cache';
import type { Viewer } from '#core/viewer';
import type { ViewerChange } from '#core/viewer-change';

/** How long a verdict is taken without asking again, in milliseconds: the longest that a revoked key still works. */
const TRUSTED_FOR_MS = 2_000;

const MAX_CACHED = 10_000;

type Verdict = Promise<Viewer | null>;

/** Remembers for a moment who a credential belongs to, and forgets in one step whomever a change is about. */
export class VerdictCache {
  private readonly verdicts = new LRUCache<string, Verdict>({
    max: MAX_CACHED,
    ttl: TRUSTED_FOR_MS,
    dispose: (_, key) => this.unfile(key),
  });
  /** The credentials of each user and of each organization. */
  private readonly keysOf = new Map<string, Set<string>>();
  private readonly folders = new Map<string, readonly string[]>();
  /** What is being asked, and what was refused: whose it is nobody knows, so any change may be about it. */
  private readonly unassigned = new Set<string>();

  /** The verdict on a credential; `ask` finds it where none is known. One that fails is not kept. */
  of(key: string, ask: () => Verdict): Verdict {
    const known = this.verdicts.get(key);
    if (known) return known;
    const asked = ask();
    this.verdicts.set(key, asked);
    this.unassigned.add(key);
    asked.then(
      (viewer) => this.isCurrent(key, asked) && this.file(key, viewer),
      () => this.isCurrent(key, asked) && this.verdicts.delete(key),
    );
    return asked;
  }

  /** Forgets what may no longer hold. */
  forget({ orgId, userId }: ViewerChange): void {
    for (const key of [...this.unassigned]) this.verdicts.delete(key);
    const folder = userId !== undefined ? userFolder(userId) : orgId !== undefined ? orgFolder(orgId) : null;
    if (folder === null) this.verdicts.clear();
    else for (const key of [...(this.keysOf.get(folder) ?? [])]) this.verdicts.delete(key);
  }

  private isCurrent(key: string, asked: Verdict): boolean {
    return this.verdicts.peek(key, { allowStale: true }) === asked;
  }

  private file(key: string, viewer: Viewer | null): void {
    if (!viewer) return;
    this.unassigned.delete(key);
    const folders = [userFolder(viewer.userId), orgFolder(viewer.orgId)];
    this.folders.set(key, folders);
    for (const folder of folders) {
      const keys = this.keysOf.get(folder) ?? new Set();
      this.keysOf.set(folder, keys.add(key));
    }
  }

  private unfile(key: string): void {
    this.unassigned.delete(key);
    for (const folder of this.folders.get(key) ?? []) {
      const keys = this.keysOf.get(folder);
      keys?.delete(key);
      if (keys?.size === 0) this.keysOf.delete(folder);
    }
    this.folders.delete(key);
  }
}

const userFolder = (id: string) => `user:${id}`;
const orgFolder = (id: string) => `org:${id}`;
