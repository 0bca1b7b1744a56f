import { ApprovalDecidedType, ApprovalRequestedType } from './approval.type.ts';
import { StepFinishedType, StepStartedType, ToolCallFinishedType, ToolCallStartedType } from './step.type.ts';

/** What a room's stream tells of the work within runs. */
export const ORCHESTRATION_EVENT_TYPES = [
  StepStartedType,
  StepFinishedType,
  ToolCallStartedType,
  ToolCallFinishedType,
  ApprovalRequestedType,
  ApprovalDecidedType,
];
