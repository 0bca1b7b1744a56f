import type { Database } from '#core/database/database';
import type { ToolSource } from '#core/tool/tool.port';
import type { Viewer } from '#core/viewer';
import type { StepRecord } from '../orchestration/step.ts';
import { sideEffectsOf } from './side-effect.ts';

/** Runs that were taken back. */
export class RollbackService {
  constructor(
    readonly database: Database,
    readonly tools: ToolSource,
  ) {}

  /** What stays of a run that the viewer may read. */
  sideEffects(viewer: Viewer, runId: string): Promise<StepRecord[]> {
    return sideEffectsOf([runId], viewer, this);
  }
}
