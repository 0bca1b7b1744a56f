/** Where something is, from the root of a team. */
export type TeamPath = (string | number)[];

/** What is wrong with a team by itself. */
export interface TeamProblem {
  path: TeamPath;
  /** Names the node, without a point at the end. */
  message: string;
}

export const at = (path: TeamPath, message: string): TeamProblem => ({ path, message });
