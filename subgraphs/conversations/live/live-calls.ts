import type { LiveLink } from '#core/model/live-link';
import type { ToolCallPart } from '#core/model/model.port';
import type { LiveLog } from './live-log.ts';
import { callTool, type LiveTools } from './live-tool.ts';

/** The calls of tools of one session that are under way. */
export class LiveCalls {
  private readonly underWay = new Map<string, AbortController>();

  constructor(
    private readonly tools: LiveTools,
    private readonly link: LiveLink,
    private readonly stream: LiveLog,
  ) {}

  /** Shows a call, and has it answered behind the conversation, which goes on. */
  async begin(call: ToolCallPart, turn: number): Promise<void> {
    await this.stream.write('LiveToolCall', { turn, callId: call.id, name: call.name, arguments: call.args });
    // What the log refuses, it also tells the run.
    this.answer(call, turn).catch(() => {});
  }

  /** Ends calls that the model no longer waits for; all of them where none is named. */
  stop(ids: Iterable<string> = [...this.underWay.keys()]): void {
    for (const id of ids) {
      this.underWay.get(id)?.abort();
      this.underWay.delete(id);
    }
  }

  private async answer(call: ToolCallPart, turn: number): Promise<void> {
    const { id: callId, name } = call;
    const abort = new AbortController();
    this.underWay.set(callId, abort);
    const answer = await callTool(this.tools, call, abort.signal);
    if (abort.signal.aborted) return;
    this.underWay.delete(callId);
    this.link.respond([answer]);
    const { result, isError = false } = answer;
    await this.stream.write('LiveToolResult', { turn, callId, name, result, isError });
  }
}
