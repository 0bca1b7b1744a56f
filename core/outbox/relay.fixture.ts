import { createLog } from '#core/log';
import { leaveEffect, Outbox } from './outbox.fixture.ts';

/** A relay process that kills itself at a given moment of the first event. */
const [url = '', moment = ''] = process.argv.slice(2);
const die = () => process.kill(process.pid, 'SIGKILL');

const outbox = await Outbox.open(url, createLog({ level: 'silent', pretty: false }));
outbox
  .relay([
    {
      name: 'one',
      types: '*',
      async consume(event, unit) {
        await leaveEffect('one', event, unit);
        if (moment === 'before the commit') die();
        unit.afterCommit(die);
      },
    },
  ])
  .start();
