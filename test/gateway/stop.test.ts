import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { withAdmin } from '../support/database.ts';
import { startTestServer } from '../support/server.ts';

it('a server that is being stopped answers what it has begun, and says of what comes later that it stops', async () => {
  const { server, seed, url, database } = await startTestServer();
  const { client } = await seed.owner();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const ask = (query: string) => {
    const body = JSON.stringify({ query });
    const head = [
      'POST /graphql HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${client.token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
  await withAdmin(database.url, async (admin) => {
    await admin.query('begin; lock table agents in access exclusive mode');
    ask('{ agents { totalCount } }');
    await sleep(300);
    const closed = server.close();
    await sleep(300);
    ask('{ __typename }');
    await sleep(300);
    await admin.query('rollback');
    await expect.poll(() => heard).toMatch(/"totalCount":0[\s\S]+HTTP\/1\.1 503/);
    const refusal = heard.slice(heard.indexOf('HTTP/1.1 503'));
    expect(refusal).toMatch(/"code":"UNAVAILABLE"/);
    expect(refusal).toMatch(/retry-after: 1/i);
    await closed;
  });
  socket.destroy();
});
