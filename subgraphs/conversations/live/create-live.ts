import type { Kernel } from '#core/kernel';
import type { RuleSource } from '#core/rule/rule-source';
import type { ToolSource } from '#core/tool/tool.port';
import type { PeerDirectory } from '../peer-directory.ts';
import type { RequestScope } from '../request-scope.ts';
import { LiveResolver } from './live.resolver.ts';
import { LiveService } from './live.service.ts';
import { createLiveEventResolver } from './live-event.resolver.ts';
import { LiveFeed } from './live-feed.ts';
import { LiveHost } from './live-host.ts';
import { LivePost } from './live-mailbox.ts';

export interface LiveOptions {
  kernel: Kernel;
  directory: PeerDirectory;
  scope: RequestScope;
  /** Where the tools of agents come from. */
  tools: ToolSource;
  rules: RuleSource;
}

/** Composes live sessions: what callers ask, and the host that the worker starts. */
export function createLive({ kernel, directory, scope, tools, rules }: LiveOptions) {
  const { environment, database, transactions, streams, bus, peers, models, sealer, log, instanceId } = kernel;
  const live = new LiveService({
    database,
    transactions,
    streams,
    bus,
    peers,
    models,
    rateLimits: kernel.rateLimits,
    post: new LivePost(bus, instanceId),
    totalSeconds: environment.LIVE_TOTAL_SECONDS,
    maxPerOrg: environment.LIVE_SESSIONS_PER_ORG,
  });
  return {
    resolvers: [new LiveResolver(live, streams, scope), createLiveEventResolver(new LiveFeed(live, streams))],
    /** Starts to hold sessions; the function returned puts them down. */
    async startHost(options: { alone: boolean }): Promise<() => Promise<void>> {
      const host = new LiveHost({
        database,
        transactions,
        streams,
        sealer,
        bus,
        peers,
        models,
        log,
        directory,
        tools,
        rules,
        onHeld: (seconds) => kernel.metrics.held.observe(seconds),
        instanceId,
        idleMs: environment.LIVE_IDLE_SECONDS * 1_000,
      });
      await host.start(options);
      return () => host.stop();
    },
  };
}
