import type { JsonObject, JsonSchema, JsonValue } from '#core/model/model.port';
import type { Viewer } from '#core/viewer';

/**
 * What running a tool a second time would do: nothing (it only reads), nothing either where it is given the same
 * idempotency key, or harm. After a crash a call that had begun is made again unless its effect is `ONCE`.
 */
export type ToolEffect = 'NONE' | 'IDEMPOTENT' | 'ONCE';

/** On whose behalf and where a tool is called. */
export interface ToolContext {
  /** Whoever sent the message that is answered, narrowed to what a run may do. */
  viewer: Viewer;
  conversationId: string;
  /** The run and its step that make the call; null in a live session. */
  runId: string | null;
  stepId: string | null;
  agent: { id: string; name: string };
  /** The same each time that the call is made, and that of no other call. */
  idempotencyKey: string;
  /** Aborted when the run is stopped or the time of the call is over. */
  signal: AbortSignal;
}

/** Something that an agent can do besides talking. One instance serves any number of calls at once. */
export interface Tool {
  /** What models call it: a letter, then up to 63 letters, digits and `_`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** For models: what it is good for. */
  readonly description: string;
  /** JSON Schema of the arguments, an object at its root. */
  readonly parameters: JsonSchema;
  readonly effect: ToolEffect;
  /** Whether a person allows each call, where the agent's definition says nothing of approval. Left out: no. */
  readonly needsApproval?: boolean;
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs: number;
  /** What of a result goes to the model, in characters; the rest is cut with a note. */
  readonly maxResultCharacters: number;
  /** @throws ToolError for what the model should be told; anything else is told as an unexpected failure. */
  run(args: JsonObject, context: ToolContext): Promise<JsonValue>;
}

/** Where tools come from: those that Parley has, and later those of servers that somebody connected. */
export interface ToolSource {
  /** The tools of these names that the viewer's organization has. */
  find(names: readonly string[], viewer: Viewer): Promise<Tool[]>;
  /** All that the viewer's organization has. */
  list(viewer: Viewer): Promise<Tool[]>;
}

/** Why a tool did not do what it was asked, in words for the model that asked. */
export class ToolError extends Error {
  constructor(
    /** Such as `INVALID_ARGUMENTS` or `TIMED_OUT`. */
    readonly code: string,
    message: string,
    /** Whether the same call may go better later. */
    readonly retryable = false,
  ) {
    super(message);
    this.name = 'ToolError';
  }
}
