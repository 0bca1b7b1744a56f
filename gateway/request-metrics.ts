import type { ApolloServerPlugin } from '@apollo/server';
import type { Metrics } from '#core/metrics';
import type { GatewayContext } from './context.ts';

/** Times every GraphQL request over HTTP. */
export const requestMetrics = ({ requests }: Metrics): ApolloServerPlugin<GatewayContext> => ({
  async requestDidStart() {
    const end = requests.startTimer();
    return {
      async willSendResponse({ operation, errors }) {
        end({ operation: operation?.operation ?? 'none', outcome: String(errors?.[0]?.extensions.code ?? 'ok') });
      },
    };
  },
});
