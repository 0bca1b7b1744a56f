import { Directory } from '#core/directory/directory';
import type { Environment } from '#core/environment';
import type { Logger } from '#core/log';
import type { Metrics } from '#core/metrics';
import type { Secrets } from '#core/secrets';
import { createEnvelopeSigner } from '#core/subgraph/envelope-token';
import type { SubgraphExecutor } from '#core/subgraph/executor';
import type { FileDoor } from '#core/subgraph/file-door';
import { RemoteCaller } from '#core/subgraph/remote-call';
import { RemoteFileDoor } from '#core/subgraph/remote-file-door';
import { type SubgraphServer, serveSubgraphs } from '#core/subgraph/serve';
import { SUBGRAPH_NAMES, type SubgraphName } from '#core/subgraph/subgraph';
import type { Telemetry } from '#core/telemetry/start-telemetry';
import type { HealthCheck } from '#gateway/health';
import type { RunningGateway } from '#gateway/start-gateway';
import { composeSubgraphs, loadSubgraphs } from './compose-subgraphs.ts';
import { ensureInstallation, noteWelcomed, type Welcome } from './first-start.ts';
import { openKernel } from './open-kernel.ts';
import { isSubgraphRole, isWhole, type Role } from './role.ts';
import { startWorker } from './start-worker.ts';

export interface ServerOptions {
  environment: Environment;
  roles: ReadonlySet<Role>;
  secrets: Secrets;
  log: Logger;
  databaseUrl: string;
  /** Where files are kept between starts. */
  dataFolder: string;
  version: string;
  /** Whether the database belongs to this process alone. */
  alone: boolean;
}

export interface RunningServer {
  /** Where the gateway listens; null in a process without it. */
  port: number | null;
  /** What to tell whoever started Parley for the first time. */
  welcome: Welcome | null;
  /** To be called once that has been told. */
  welcomed(): Promise<void>;
  /** Lets running work end, tells clients to come again, and closes everything. */
  close(): Promise<void>;
}

const FILES_KEPT_BY: SubgraphName = 'conversations';

/** Reads the code of the roles ahead of time, and of no others: a process that serves one subgraph has no gateway in it. */
export async function loadRoles(roles: ReadonlySet<Role>): Promise<void> {
  await Promise.all([loadSubgraphs(roles), roles.has('gateway') ? import('#gateway/start-gateway') : null]);
}

/** Starts the roles of one process on a database that has the right schema. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { environment, roles, secrets, log, databaseUrl } = options;
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const step of opened.splice(0).reverse()) {
      await step().catch((error: unknown) => log.warn({ err: error }, 'a part did not close cleanly'));
    }
  };
  try {
    const executors = new Map<string, SubgraphExecutor>();
    const signer = createEnvelopeSigner(secrets.internalSecret);
    const whole = isWhole(roles);
    let directory: Directory | undefined;
    let caller: RemoteCaller | undefined;
    const kernel = await openKernel({
      environment,
      secrets,
      log,
      databaseUrl,
      dataFolder: options.dataFolder,
      local: executors,
      remoteOf: whole
        ? null
        : ({ database, instanceId }) => {
            const self = { id: instanceId, roles: [...roles], url: null, version: options.version };
            directory = new Directory({ pool: database.systemPool, log, self });
            caller = new RemoteCaller({ directory, signer });
            return caller;
          },
    });
    // It ends behind everything that it tells of.
    const { metrics } = kernel;
    const telemetry = await openTelemetry(options, kernel.instanceId, metrics);
    if (telemetry) opened.push(() => telemetry.close());
    opened.push(() => kernel.close());
    if (caller) opened.push(caller.close.bind(caller));
    const subgraphs = await composeSubgraphs(kernel, roles, executors);
    const doors = new Map(
      subgraphs.flatMap(({ name, door }) => (door && roles.has(name) ? [[name, door] as const] : [])),
    );
    for (const { close: closeSubgraph } of subgraphs) if (closeSubgraph) opened.push(closeSubgraph);
    if (directory) {
      const served = await serveOwn(options, executors, doors, signer, metrics);
      if (served) opened.push(() => served.close());
      directory.announce(served && isServing(roles) ? (environment.PARLEY_INTERNAL_URL ?? served.url) : null);
      await directory.start();
      opened.push(directory.stop.bind(directory));
    }
    // All at once: who is slow to leave the gateway must not take from the time in which replies may end.
    const working: (() => Promise<void>)[] = [];
    opened.push(async () => void (await Promise.all(working.map((end) => end()))));
    if (roles.has('worker')) {
      const worker = await startWorker({ kernel, subgraphs, metrics, alone: options.alone });
      working.push(worker.close.bind(worker));
    }
    let gateway: RunningGateway | undefined;
    let welcome: Welcome | null = null;
    if (roles.has('gateway')) {
      const checks = new Map<string, HealthCheck>([
        ['database', async () => void (await kernel.database.systemPool.query('select 1'))],
        ['jobs', () => kernel.jobs.ping()],
      ]);
      if (kernel.pingRedis) checks.set('redis', kernel.pingRedis);
      for (const name of SUBGRAPH_NAMES) {
        checks.set(name, async () => void (await kernel.peers.call(name, { query: '{ __typename }', viewer: null })));
      }
      const { startGateway } = await import('#gateway/start-gateway');
      gateway = await startGateway({
        kernel,
        sources: {
          names: SUBGRAPH_NAMES,
          // A subgraph that the worker has composed for itself is not this process's to serve.
          local: new Map([...executors].filter(([name]) => roles.has(name as Role))),
          remote: caller && directory ? { caller, directory } : null,
          log,
        },
        files: fileDoor(doors, caller),
        signer,
        metrics,
        checks,
        cacheFolder: options.dataFolder,
        host: environment.HOST,
        port: environment.PORT,
        // Before strangers can come: else one of them could be there first.
        beforeListening: async () => {
          welcome = await ensureInstallation(kernel, options.dataFolder);
        },
      });
      working.push(gateway.close.bind(gateway));
    }
    return { port: gateway?.port ?? null, welcome, welcomed: () => noteWelcomed(kernel, options.dataFolder), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Traces and metrics, where they are to be sent anywhere. */
async function openTelemetry(options: ServerOptions, instanceId: string, metrics: Metrics): Promise<Telemetry | null> {
  const { environment, roles, version, log } = options;
  if (!environment.OTEL_EXPORTER_OTLP_ENDPOINT) return null;
  const { startTelemetry } = await import('#core/telemetry/start-telemetry');
  return startTelemetry({
    endpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
    serviceName: environment.OTEL_SERVICE_NAME,
    sampled: environment.OTEL_TRACES_SAMPLER_ARG,
    metricIntervalMs: environment.OTEL_METRIC_EXPORT_INTERVAL,
    version,
    roles: [...roles],
    instanceId,
    metrics,
    log,
  });
}

/** Files are kept by one subgraph, here or elsewhere. */
function fileDoor(doors: ReadonlyMap<string, FileDoor>, caller: RemoteCaller | undefined): FileDoor {
  const door = doors.get(FILES_KEPT_BY) ?? (caller && new RemoteFileDoor(caller, FILES_KEPT_BY));
  if (!door) throw new Error('No process keeps files.');
  return door;
}

/** Whether other processes have anything to ask of this one. */
const isServing = (roles: ReadonlySet<Role>) => [...roles].some(isSubgraphRole);

/** Serves the subgraphs that other processes are to find here, and how this process is. The gateway does that itself. */
async function serveOwn(
  { roles, environment, log }: ServerOptions,
  executors: ReadonlyMap<string, SubgraphExecutor>,
  doors: ReadonlyMap<string, FileDoor>,
  signer: ReturnType<typeof createEnvelopeSigner>,
  metrics: Metrics,
): Promise<SubgraphServer | null> {
  if (roles.has('gateway') && !isServing(roles)) return null;
  return serveSubgraphs({
    executors: new Map([...executors].filter(([name]) => roles.has(name as Role))),
    doors,
    signer,
    log,
    metrics,
    metricsToken: environment.METRICS_TOKEN,
    host: environment.HOST,
    port: environment.PARLEY_INTERNAL_PORT,
  });
}
