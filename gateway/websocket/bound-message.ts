import { responseRefusal } from '#gateway/limit/response-size';

/** How graphql-ws begins a message that carries an answer; the id is as long as the gateway lets it be. */
const NEXT = /^\{"id":("(?:[^"\\]|\\.)*"),"type":"next"/;

/**
 * A message as it may be sent: in place of an answer that is too large, one that says so. The stream goes on, for the
 * event would be as large on every further try. An answer is already text here, and is not read again.
 */
export function boundMessage(message: string, maxBytes: number): string {
  const id = message.length * 3 > maxBytes ? NEXT.exec(message)?.[1] : undefined;
  const refusal = id && responseRefusal(message, maxBytes, false);
  if (!refusal) return message;
  return `{"id":${id},"type":"next","payload":${JSON.stringify({ errors: [refusal.toJSON()] })}}`;
}
