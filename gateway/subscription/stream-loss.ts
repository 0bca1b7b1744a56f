import { unavailable } from '#core/error';

/**
 * A stream that ended before its subgraph was done: `UNAVAILABLE` with `extensions.resumable: true`, which tells a
 * client to subscribe again from the last cursor that it has.
 */
export const streamLost = (message: string, cause?: unknown) =>
  unavailable(message, { extensions: { resumable: true }, ...(cause !== undefined && { cause }) });
