import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#core/model/model.port';
import { Outside } from '#core/outbound/outside.fixture';
import { type StepAnswer, type TeamRun, TeamStage } from '../../orchestration/team.fixture.ts';

type Answer = (response: ServerResponse) => void;

describe('the web', { timeout: 60_000 }, () => {
  let stage: TeamStage;
  let outside: Outside;
  /** What may not be reached. */
  let inside: Outside;
  let count = 0;
  const answers = new Map<string, Answer>();

  beforeAll(async () => {
    const serve = (host: string) =>
      Outside.start(
        ({ url = '' }, response) => (answers.get(url) ?? ((none) => void none.writeHead(404).end()))(response),
        {
          host,
        },
      );
    [outside, inside] = await Promise.all([serve('127.0.0.1'), serve('127.0.0.2')]);
    stage = await TeamStage.open({ OUTBOUND_ALLOW: '127.0.0.1' });
  }, 120_000);

  afterAll(async () => {
    await stage?.close();
    await Promise.all([outside?.stop(), inside?.stop()]);
  });

  const at = (path: string) => `http://127.0.0.1:${outside.port}${path}`;
  const page = (body: string | Buffer, type = 'text/html; charset=utf-8', status = 200): Answer => {
    return (response) => void response.writeHead(status, { 'content-type': type }).end(body);
  };

  /** Lets an agent call a tool once, and returns the step and what the model was told of it. */
  async function call(
    tool: { name: string; approval?: object },
    args: JsonObject,
  ): Promise<{ step: StepAnswer; told: string; run: TeamRun }> {
    const name = `Web${count++}`;
    const agent = await stage.agent(name, { tools: [tool] });
    stage.script(name, stage.model.callTools([tool.name, args]), stage.model.answer('Done.'));
    const room = await stage.enter(agent);
    const { run } = await stage.ask(room, 'Do it.');
    await stage.leave(room);
    const step = run.steps.find(({ kind }) => kind === 'TOOL');
    if (!step) throw new Error(`No tool was called: ${JSON.stringify(run)}`);
    return { step, run, told: JSON.stringify(stage.model.callsOf(stage.markOf(name)).at(-1)?.body) };
  }
  const fetch = (url: string, more: JsonObject = {}) => call({ name: 'fetch_url' }, { url, ...more });
  const send = (args: JsonObject) => call({ name: 'send_request', approval: { rule: 'NEVER' } }, args);

  describe('is read', () => {
    it('as text, with what it is called and where it was in the end', async () => {
      answers.set('/old', (response) => void response.writeHead(301, { location: '/new#part' }).end());
      answers.set(
        '/new',
        page('<title>News</title><h1>Today</h1><p>It is <a href="/warm?x=1">warm</a>.</p><script>1</script>'),
      );
      const { step, told } = await fetch(at('/old'));
      expect(step.output).toEqual({
        status: 200,
        url: at('/new'),
        type: 'text/html',
        title: 'News',
        characters: 30,
        text: 'Today\n\nIt is warm [/warm?x=1].',
      });
      expect(told).toContain('It is warm');
    });

    it('with nothing of ours but a name', async () => {
      answers.set('/who', page('you', 'text/plain'));
      await fetch(at('/who'));
      const headers = outside.requests.find(({ url }) => url === '/who')?.headers;
      expect(Object.keys(headers ?? {}).sort()).toEqual([
        'accept',
        'accept-encoding',
        'connection',
        'host',
        'user-agent',
      ]);
      expect(headers?.['user-agent']).toBe('Parley');
    });

    it('as JSON, of any status', async () => {
      answers.set('/json', page('{"id": 9007199254740993}', 'application/json', 422));
      expect((await fetch(at('/json'))).step.output).toMatchObject({ status: 422, text: '{"id": 9007199254740993}' });
    });

    it('in parts where it is long', async () => {
      answers.set('/long', page(`${'x'.repeat(60_000)}end`, 'text/plain'));
      const { step } = await fetch(at('/long'));
      expect(step.output).toMatchObject({ characters: 60_003, text: expect.stringContaining('[cut: ') });
      expect(JSON.stringify(step.output).length).toBeLessThanOrEqual(40_000);
      expect((await fetch(at('/long'), { from: 60_000 })).step.output).toMatchObject({ text: 'end' });
    });

    it('no further than a bound, however much there is', async () => {
      answers.set('/endless', (response) => {
        response.writeHead(200, { 'content-type': 'text/plain' });
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      });
      expect((await fetch(at('/endless'))).step.output).toMatchObject({
        characters: 1_048_576,
        note: 'Only its first 1,048,576 bytes were read.',
      });
    });

    it.each<[string, () => string, string]>([
      ['a picture', () => at('/picture'), 'NOT_TEXT'],
      ['this machine’s network', () => `http://127.0.0.2:${inside.port}/secret`, 'OUTBOUND_REFUSED'],
      ['the same written otherwise', () => `http://2130706434:${inside.port}/secret`, 'OUTBOUND_REFUSED'],
      ['what redirects there', () => at('/to-inside'), 'OUTBOUND_REFUSED'],
      ['what redirects to a file', () => at('/to-file'), 'OUTBOUND_REFUSED'],
      ['what redirects without end', () => at('/circle'), 'OUTBOUND_BAD_RESPONSE'],
      ['a file', () => 'file:///etc/passwd', 'INVALID_ARGUMENTS'],
      ['what cannot be there', () => 'http://nobody.invalid/', 'OUTBOUND_UNREACHABLE'],
    ])('not where it is %s, and the model is told why', async (_, url, code) => {
      answers.set('/secret', page('A secret', 'text/plain'));
      answers.set('/picture', page('x', 'image/png'));
      const to =
        (location: string): Answer =>
        (response) =>
          void response.writeHead(302, { location }).end();
      answers.set('/to-inside', to(`http://127.0.0.2:${inside.port}/secret`));
      answers.set('/to-file', to('file:///etc/passwd'));
      answers.set('/circle', to('/circle'));
      const { step, told, run } = await fetch(url());
      expect(step).toMatchObject({ state: 'FAILED', error: { code } });
      expect(told).toContain(code);
      expect(told).not.toContain('A secret');
      expect(run.state).toBe('SUCCEEDED');
      expect(inside.connections).toBe(0);
    });

    it('never with a login, which is not kept beyond the model’s own words', async () => {
      const { step } = await fetch(`http://ann:hunter2@127.0.0.1:${outside.port}/who`);
      expect(step).toMatchObject({ state: 'FAILED', error: { code: 'INVALID_ARGUMENTS' } });
      expect(step.input).toEqual({ url: `http://[withheld]@127.0.0.1:${outside.port}/who` });
      const { rows } = await stage.test
        .pool()
        .query("select payload::text from stream_events where payload::text like '%hunter2%'");
      expect(rows).toEqual([]);
    });
  });

  describe('is written to', () => {
    it('with JSON, once for each call, and the answer is told', async () => {
      answers.set(
        '/orders',
        (response) =>
          void response.writeHead(201, { 'content-type': 'application/json', location: '/orders/1' }).end('{"id":1}'),
      );
      const { step } = await send({
        method: 'POST',
        url: at('/orders'),
        json: { item: 'tea', sum: 2 },
        headers: { 'X-Api-Version': '2' },
      });
      expect(step.output).toEqual({
        status: 201,
        location: at('/orders/1'),
        type: 'application/json',
        text: '{"id":1}',
      });
      const sent = outside.requests.filter(({ url }) => url === '/orders');
      expect(sent).toMatchObject([{ method: 'POST', body: '{"item":"tea","sum":2}' }]);
      expect(sent[0]?.headers).toMatchObject({
        'content-type': 'application/json',
        'idempotency-key': step.id,
        'x-api-version': '2',
      });
      expect(sent[0]?.headers).not.toHaveProperty('authorization');
    });

    it('with text, and with nothing', async () => {
      answers.set('/notes', page('', 'text/plain', 204));
      await send({ method: 'PUT', url: at('/notes'), text: 'a,b', headers: { 'content-type': 'text/csv' } });
      await send({ method: 'DELETE', url: at('/notes') });
      const sent = outside.requests.filter(({ url }) => url === '/notes');
      expect(sent).toMatchObject([
        { method: 'PUT', body: 'a,b', headers: { 'content-type': 'text/csv' } },
        { method: 'DELETE', body: '' },
      ]);
    });

    it('where it was said to be, and nowhere that it points to', async () => {
      const location = `http://user:hunter2@127.0.0.1:${outside.port}/elsewhere`;
      answers.set('/moved', (response) => void response.writeHead(307, { location }).end());
      const { step } = await send({ method: 'POST', url: at('/moved'), json: {} });
      expect(step.output).toMatchObject({ status: 307, location: at('/elsewhere') });
      expect(outside.requests.filter(({ url }) => url === '/elsewhere')).toEqual([]);
    });

    it.each<[string, JsonObject, string]>([
      ['a login', { headers: { Authorization: 'Bearer x' } }, 'BAD_HEADER'],
      ['two bodies', { json: {}, text: 'x' }, 'BAD_BODY'],
      ['to read', { method: 'GET' }, 'INVALID_ARGUMENTS'],
      ['too much', { json: { text: 'x'.repeat(100_000) } }, 'BAD_BODY'],
    ])('not with %s', async (_, more, code) => {
      const { step } = await send({ method: 'POST', url: at('/never'), ...more });
      expect(step).toMatchObject({ state: 'FAILED', error: { code } });
      expect(outside.requests.filter(({ url }) => url === '/never')).toEqual([]);
    });

    it('and says that nobody knows where no answer came', async () => {
      answers.set('/broken', ({ socket }) => void socket?.destroy());
      const { step } = await send({ method: 'POST', url: at('/broken'), json: {} });
      expect(step.error).toMatchObject({
        code: 'OUTBOUND_UNREACHABLE',
        message: expect.stringContaining('may have taken effect'),
      });
    });

    it('once a person allows it, unless the agent’s definition says otherwise', async () => {
      answers.set('/asked', page('ok', 'text/plain'));
      const agent = await stage.agent('Asker', { tools: [{ name: 'send_request' }] });
      stage.script(
        'Asker',
        stage.model.callTools(['send_request', { method: 'POST', url: at('/asked'), json: {} }]),
        stage.model.answer('Sent.'),
      );
      const room = await stage.enter(agent);
      const runId = await stage.send(room, 'Send it.');
      const [asked] = (await stage.untilWaiting(room, runId)).approvals;
      expect(asked).toMatchObject({ kind: 'TOOL_CALL', subject: 'send_request' });
      expect(outside.requests.filter(({ url }) => url === '/asked')).toEqual([]);
      await stage.decide(asked?.id, 'APPROVE');
      expect((await stage.untilEnded(room, runId)).text).toBe('Sent.');
      expect(outside.requests.filter(({ url }) => url === '/asked')).toHaveLength(1);
      await stage.leave(room);
    });
  });
});
