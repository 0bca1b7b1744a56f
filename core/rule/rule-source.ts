import type { Viewer } from '#core/viewer';
import type { RuleSet } from './rule-set.ts';

/** Where parts of Parley get the rules of an organization from. */
export interface RuleSource {
  /**
   * The rules in force in the viewer's organization, kept in this process until they change.
   * @throws ParleyError `UNAVAILABLE` where they cannot be had: what they are about must wait then.
   */
  find(viewer: Viewer): Promise<RuleSet>;
}
