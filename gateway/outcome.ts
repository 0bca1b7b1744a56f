import type { ApolloServerPlugin } from '@apollo/server';
import { type ErrorCode, isErrorCode } from '#core/error';
import type { OperationLabels } from '#core/metrics';
import type { GatewayContext } from './context.ts';

const OUR_FAULTS: readonly ErrorCode[] = ['INTERNAL', 'UNAVAILABLE'];

/**
 * How an answer is counted: by the first error that is our fault, else by the first one. Only words of closed lists
 * become labels, for a client could otherwise fill the memory with series of its own making.
 * @param errors As the client sees them.
 */
export function outcomeOf(
  errors: readonly { extensions?: { code?: unknown } | undefined }[] | undefined,
): Pick<OperationLabels, 'outcome' | 'code'> {
  if (!errors?.length) return { outcome: 'ok', code: 'none' };
  const codes = errors.map(({ extensions }) => (isErrorCode(extensions?.code) ? extensions.code : 'INTERNAL'));
  const fault = codes.find((code) => OUR_FAULTS.includes(code));
  return fault ? { outcome: 'error', code: fault } : { outcome: 'client_error', code: codes[0] as ErrorCode };
}

/** Tells the context of each request what became of it. */
export const reportOutcome: ApolloServerPlugin<GatewayContext> = {
  async requestDidStart({ contextValue }) {
    return {
      async willSendResponse({ operation, response: { body } }) {
        const errors = body.kind === 'single' ? body.singleResult.errors : undefined;
        contextValue.onOutcome?.({ operation: operation?.operation ?? 'none', ...outcomeOf(errors) });
      },
    };
  },
};
