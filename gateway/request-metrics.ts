import type { ApolloServerPlugin } from '@apollo/server';
import { isErrorCode } from '#core/error';
import type { Metrics } from '#core/metrics';
import type { GatewayContext } from './context.ts';

/** Times every GraphQL request over HTTP. Its labels are closed lists: what clients make up is not among them. */
export const requestMetrics = ({ requests }: Metrics): ApolloServerPlugin<GatewayContext> => ({
  async requestDidStart() {
    const end = requests.startTimer();
    return {
      async willSendResponse({ operation, errors }) {
        const code = errors?.[0]?.extensions.code;
        const outcome = errors?.length ? (isErrorCode(code) ? code : 'INTERNAL') : 'ok';
        end({ operation: operation?.operation ?? 'none', outcome });
      },
    };
  },
});
