import { newId } from '#core/id';
import type { Tool, ToolContext } from './tool.port.ts';

/** The context of a call that nobody stops, but for what is given. */
export const contextOf = (part: Partial<ToolContext> = {}): ToolContext => ({
  viewer: {
    userId: newId(),
    userKind: 'HUMAN',
    orgId: newId(),
    role: 'WORKER',
    permissions: ['agents:read', 'organization:read', 'conversations:read'],
    credential: { kind: 'SESSION', id: newId(), expiresAt: null },
  },
  conversationId: newId(),
  runId: newId(),
  stepId: newId(),
  agent: { id: newId(), name: 'Ada' },
  idempotencyKey: newId(),
  signal: new AbortController().signal,
  ...part,
});

/** A tool that returns its arguments, but for what is given. */
export const toolOf = (part: Partial<Tool> = {}): Tool => ({
  name: 'echo',
  title: 'Echo',
  description: 'Returns its arguments.',
  parameters: { type: 'object' },
  effect: 'NONE',
  timeoutMs: 1_000,
  maxResultCharacters: 1_000,
  run: async (args) => args,
  ...part,
});
