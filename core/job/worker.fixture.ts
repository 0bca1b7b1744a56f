import { runInOrg } from '#core/database/tenant';
import { createLog } from '#core/log';
import { crashJob } from './crash-job.fixture.ts';
import { handleJob } from './job.ts';
import { createJobWorker } from './worker.ts';

/**
 * A worker process. It tells when it has started, and of each begin, and then hangs until it is killed, or finishes and
 * tells of that. SIGTERM closes the worker, after which nothing should keep the process.
 */
const [databaseUrl = '', redisUrl = '', behaviour = 'hang', lockMs = '1000', alone = ''] = process.argv.slice(2);
const say = (word: string) => process.stdout.write(`${word}\n`);

const starting = createJobWorker({
  databaseUrl,
  redisUrl: redisUrl || null,
  log: createLog({ level: 'silent', pretty: false }),
  orgRunner: runInOrg,
  lockMs: Number(lockMs),
  alone: alone === 'alone',
  handlers: [
    handleJob(crashJob, async (_payload, { attempt }) => {
      say(`begun ${attempt}`);
      if (behaviour === 'hang') await new Promise(() => {});
      say('finished');
    }),
  ],
});
process.once('SIGTERM', async () => (await starting).close({ graceMs: 100 }));
await starting;
say('ready');
