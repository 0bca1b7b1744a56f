import type { RunnableAgent } from '#core/agent/runnable-agent';
import type { Budget } from '#core/budget/budget.port';
import type { JsonValue } from '#core/model/model.port';
import type { ModelRegistry } from '#core/model/model-registry';
import type { ToolSource } from '#core/tool/tool.port';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import type { MadePictures } from '../attachment/made-pictures.ts';
import type { ModelFiles } from '../attachment/model-files.ts';
import type { Asides } from '../context/aside.ts';
import type { ContextTurn } from '../context/fit-turns.ts';
import type { ModelWindows } from '../context/model-window.ts';
import type { OutputRules } from '../guard/output-rules.ts';
import type { RunRules } from '../rule/run-rules.ts';
import type { AgentMemory } from '../tool/memory/agent-memory.ts';
import type { Allowance } from './allowance.ts';
import type { Exits } from './delegate.ts';
import type { Journal } from './journal.ts';
import type { RoomContext } from './room-context.ts';
import type { Roster } from './roster.ts';
import type { LimitReached } from './run-signal.ts';
import type { Speaker } from './speaker.ts';

/** What everything that is done for one run shares. */
export interface RunScope {
  readonly run: Run;
  readonly viewer: Viewer;
  readonly journal: Journal;
  readonly models: ModelRegistry;
  readonly tools: ToolSource;
  readonly budget: Budget;
  readonly rules: RunRules;
  /** How much of a conversation models can be sent. */
  readonly windows: ModelWindows;
  readonly asides: Asides;
  readonly memory: AgentMemory;
  readonly roster: Roster;
  readonly room: RoomContext;
  /** What rules say about what agents say. */
  readonly output: OutputRules;
  /** Brings the files of the room to models. */
  readonly files: ModelFiles;
  /** Keeps what models make. */
  readonly pictures: MadePictures;
  /** Writes the run's own reply. */
  readonly reply: Speaker;
  /** Lets an agent or a team do its work within its limits. */
  work(visit: Visit): Promise<VisitOutput>;
  /** Opens a message of its own for an agent that speaks in turn. */
  speakerFor(messageId: string): Speaker;
  /** How long a model may be silent, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** What failed while the rest went on: the run is then PARTIAL. */
  readonly losses: string[];
  /** The limit that ended the run's own agent, where it closed with an answer all the same. */
  limit: LimitReached | null;
  /** What the next run of the same team has to know; set by its pattern. */
  teamState: JsonValue;
}

/**
 * What an agent is given: the room, a text by whoever it works for, or a conversation so far, with what it comes to as the
 * text.
 */
export type VisitInput =
  | { kind: 'ROOM' }
  | { kind: 'TEXT'; text: string }
  | { kind: 'TURNS'; turns: readonly ContextTurn[]; text: string; isAmongSeveral?: boolean };

/** An agent at work, at one place of a run. */
export interface Visit {
  readonly scope: RunScope;
  readonly agent: RunnableAgent;
  /** The beginning of the keys of its steps; empty for the agent that the run is about. */
  readonly path: string;
  /** The step that stands for all of it; null for that agent. */
  readonly stepId: string | null;
  readonly input: VisitInput;
  /** Null where what it says is not shown, but goes to whoever it works for. */
  readonly speaker: Speaker | null;
  readonly allowance: Allowance;
  readonly signal: AbortSignal;
  /** How its model may let go of the work, where it may. */
  readonly exits?: Exits;
}

/** What an agent made of it. */
export interface VisitOutput {
  text: string;
  /** With a schema of its own: the value that the text is the JSON of. */
  value: JsonValue;
}
