import { ParleyError } from '#core/error';

/**
 * Looks at an answer as it is about to be sent.
 * @returns What to send instead where it has more bytes than `max`; undefined where it may go.
 */
export function responseRefusal(text: string, max: number, isMutation: boolean): ParleyError | undefined {
  // A character has three bytes at most: what is short need not be counted.
  if (text.length * 3 <= max) return undefined;
  const found = Buffer.byteLength(text);
  if (found <= max) return undefined;
  const advice = 'ask for smaller pages (`first`, `last`) or fewer fields.';
  const message = `The answer has ${found} bytes where the limit "responseBytes" allows ${max}: ${advice}`;
  return new ParleyError('BAD_USER_INPUT', isMutation ? `${message} The mutation has been carried out.` : message, {
    extensions: { limit: { name: 'responseBytes', max, found } },
  });
}
