import { registerEnumType } from 'type-graphql';
import type { PriorityLevel } from '#core/rule/rule-action';

export const ConversationPriorityEnum = {
  LOW: 'LOW',
  NORMAL: 'NORMAL',
  HIGH: 'HIGH',
  URGENT: 'URGENT',
} as const satisfies Record<PriorityLevel, PriorityLevel>;

registerEnumType(ConversationPriorityEnum, {
  name: 'ConversationPriority',
  description: 'How soon what a conversation asks for is worked on.',
});
