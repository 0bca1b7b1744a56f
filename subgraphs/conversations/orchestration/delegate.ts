import type { ToolCallPart, ToolDeclaration, ToolResultPart } from '#core/model/model.port';

/** Something that a model can ask for besides its tools: another agent, or to hand the conversation over. */
export interface Delegate extends ToolDeclaration {
  /** @param key The place of the call below its agent's. */
  run(call: ToolCallPart, key: string): Promise<ToolResultPart>;
}

/** Ways for an agent to let go of its work before it has answered. */
export interface Exits {
  readonly delegates: readonly Delegate[];
  /** Whether one of them was taken: the agent says nothing more. */
  isTaken(): boolean;
}

/** What a model is told of it. */
export const declarationOf = ({ name, description, parameters }: ToolDeclaration): ToolDeclaration => ({
  name,
  description,
  parameters,
});
