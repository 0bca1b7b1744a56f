import type { Logger } from '#core/log';
import type { LiveLink } from '#core/model/live-link';
import type { JsonObject, ToolCallPart } from '#core/model/model.port';
import { withoutLogins } from '../tool/without-login.ts';
import type { LiveLog } from './live-log.ts';
import { callLiveTool, type LivePlace, type LiveTools } from './live-tool.ts';

export interface LiveCallsOptions {
  link: LiveLink;
  stream: LiveLog;
  log: Logger;
  /** What the model was set up with last. */
  tools(): LiveTools;
  place(turn: number): LivePlace;
  /** Takes out what is not to be shown. */
  redact<T>(value: T): Promise<T>;
}

/** The calls of tools of one session that are under way. */
export class LiveCalls {
  private readonly underWay = new Map<string, AbortController>();

  constructor(private readonly options: LiveCallsOptions) {}

  /** Shows a call, and has it answered behind the conversation, which goes on. */
  async begin(asked: ToolCallPart, turn: number): Promise<void> {
    const call = { ...asked, args: await this.options.redact(asked.args) };
    const shown = withoutLogins(call.args) as JsonObject;
    await this.options.stream.write('LiveToolCall', { turn, callId: call.id, name: call.name, arguments: shown });
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
    const { link, stream, log, tools, place, redact } = this.options;
    const { id: callId, name } = call;
    const abort = new AbortController();
    this.underWay.set(callId, abort);
    const answered = await callLiveTool(tools(), call, place(turn), { signal: abort.signal, log });
    const answer = { ...answered, result: await redact(answered.result) };
    if (abort.signal.aborted) return;
    this.underWay.delete(callId);
    link.respond([answer]);
    const { result, isError = false } = answer;
    await stream.write('LiveToolResult', { turn, callId, name, result, isError });
  }
}
