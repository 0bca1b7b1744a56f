import type { RequestListener, ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { fetch } from 'undici';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AllowList } from './allow-list.ts';
import type { GuardOptions, Resolve } from './guarded-connect.ts';
import { Outbound, type OutboundRequest } from './outbound.ts';
import type { OutboundErrorCode } from './outbound-error.ts';
import { Outside } from './outside.fixture.ts';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function serve(answer: RequestListener, place?: { host?: string; port?: number }): Promise<Outside> {
  const outside = await Outside.start(answer, place);
  open.push(outside);
  return outside;
}

function guard(allowed: string[], options: Partial<GuardOptions> = {}): Outbound {
  const allow = new AllowList();
  for (const entry of allowed) allow.add(entry);
  const outbound = new Outbound({ allow, ports: [80, 443], connectTimeoutMs: 1_000, ...options });
  open.push({ stop: () => outbound.close() });
  return outbound;
}

async function codeOf(outbound: Outbound, request: OutboundRequest): Promise<OutboundErrorCode> {
  const error = await outbound.request(request).then(
    ({ status }) => {
      throw new Error(`It was answered with ${status}.`);
    },
    (reason) => reason,
  );
  expect(error).toMatchObject({ name: 'OutboundError' });
  expect(error.message).not.toMatch(/\d+\.\d+\.\d+\.\d+|::/);
  return error.code;
}

const hello: RequestListener = (_, response) => void response.end('Hello.');

describe('what may be reached', () => {
  it('is what an operator allows, by address or by name, on any port', async () => {
    const { port } = await serve(hello);
    const byAddress = await guard(['127.0.0.1']).request({ url: `http://127.0.0.1:${port}/` });
    expect(byAddress).toMatchObject({ status: 200, bytes: Buffer.from('Hello.'), truncated: false });
    const resolve: Resolve = async () => ['127.0.0.1'];
    const byName = await guard(['inside.example'], { resolve }).request({ url: `http://inside.example:${port}/` });
    expect(byName.status).toBe(200);
  });

  it('is not this machine, in whatever way it is written', async () => {
    const outside = await serve(hello);
    const outbound = guard([]);
    const hosts = ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '0.0.0.0', '[::1]', '[::ffff:127.0.0.1]'];
    for (const host of hosts) {
      expect(await codeOf(outbound, { url: `http://${host}:${outside.port}/` })).toBe('OUTBOUND_REFUSED');
    }
    expect(outside.connections).toBe(0);
  });

  it('is not a name that leads to this machine, or also to it', async () => {
    const outside = await serve(hello);
    for (const addresses of [
      ['127.0.0.1'],
      ['93.184.216.34', '127.0.0.1'],
      ['::ffff:7f00:1'],
      ['fe80::1%eth0'],
      ['junk'],
    ]) {
      const outbound = guard([], { resolve: async () => addresses, ports: [outside.port] });
      expect(await codeOf(outbound, { url: `http://evil.example:${outside.port}/` })).toBe('OUTBOUND_REFUSED');
    }
    expect(outside.connections).toBe(0);
  });

  it('is not another port of the open internet', async () => {
    const outbound = guard([], { resolve: async () => ['93.184.216.34'] });
    expect(await codeOf(outbound, { url: 'http://example.com:6379/' })).toBe('OUTBOUND_REFUSED');
    expect(await codeOf(outbound, { url: 'http://93.184.216.34:22/' })).toBe('OUTBOUND_REFUSED');
  });

  it('is what was judged, though the name changes its address at once', async () => {
    // Of the two only 127.0.0.2 may be reached: it stands for a server of the open internet.
    const outside = await serve((_, response) => void response.setHeader('connection', 'close').end('Hello.'), {
      host: '127.0.0.2',
    });
    const inside = await serve(hello, { host: '127.0.0.1', port: outside.port });
    let lookups = 0;
    const resolve: Resolve = async () => (lookups++ === 0 ? ['127.0.0.2'] : ['127.0.0.1']);
    const outbound = guard(['127.0.0.2'], { resolve });
    const url = `http://rebinding.example:${outside.port}/`;
    expect((await outbound.request({ url })).bytes.toString()).toBe('Hello.');
    expect([lookups, outside.connections]).toEqual([1, 1]);
    expect(await codeOf(outbound, { url })).toBe('OUTBOUND_REFUSED');
    expect([lookups, inside.connections]).toEqual([2, 0]);
  });

  it('is tried address by address', async () => {
    const { port } = await serve(hello, { host: '127.0.0.3' });
    const outbound = guard(['127.0.0.0/8'], { resolve: async () => ['127.0.0.2', '127.0.0.3'] });
    expect((await outbound.request({ url: `http://two.example:${port}/` })).status).toBe(200);
  });

  it('holds for clients that bring their own requests, and follow redirects themselves', async () => {
    const inside = await serve(hello);
    const outside = await serve(
      (_, response) => void response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/` }).end(),
      { host: '127.0.0.2' },
    );
    const { dispatcher } = guard(['127.0.0.2']);
    await expect(fetch(`http://127.0.0.2:${outside.port}/`, { dispatcher })).rejects.toMatchObject({
      cause: { code: 'OUTBOUND_REFUSED' },
    });
    expect([outside.connections, inside.connections]).toEqual([1, 0]);
  });
});

describe('a redirect', () => {
  const to = (location: string, status = 302): RequestListener => {
    return ({ url }, response) => {
      if (url === '/start') response.writeHead(status, { location }).end('Moved.');
      else response.end('There.');
    };
  };

  it('is followed, and the answer says where to', async () => {
    const { port } = await serve(to('/end?a=1#b'));
    const answer = await guard(['127.0.0.1']).request({ url: `http://127.0.0.1:${port}/start` });
    expect(answer).toMatchObject({ status: 200, url: `http://127.0.0.1:${port}/end?a=1` });
    expect(answer.bytes.toString()).toBe('There.');
  });

  it('to what may not be reached is refused', async () => {
    const inside = await serve(hello);
    const targets = [
      `http://127.0.0.1:${inside.port}/`,
      `http://localhost:${inside.port}/`,
      `http://[::ffff:127.0.0.1]:${inside.port}/`,
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
      'http://user:secret@127.0.0.2/',
    ];
    for (const target of targets) {
      const outside = await serve(to(target), { host: '127.0.0.2' });
      const url = `http://127.0.0.2:${outside.port}/start`;
      expect(await codeOf(guard(['127.0.0.2']), { url })).toBe('OUTBOUND_REFUSED');
    }
    expect(inside.connections).toBe(0);
  });

  it('without end is given up', async () => {
    const outside = await serve((_, response) => void response.writeHead(302, { location: '/again' }).end());
    const url = `http://127.0.0.1:${outside.port}/`;
    expect(await codeOf(guard(['127.0.0.1']), { url, maxRedirects: 3 })).toBe('OUTBOUND_BAD_RESPONSE');
    expect(outside.requests).toHaveLength(4);
  });

  it('is the answer where none is to be followed', async () => {
    const outside = await serve(to('/end'));
    const url = `http://127.0.0.1:${outside.port}/start`;
    const answer = await guard(['127.0.0.1']).request({ url, maxRedirects: 0 });
    expect(answer).toMatchObject({ status: 302, headers: { location: '/end' } });
  });

  it.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'Text.'],
    [308, 'POST', 'Text.'],
  ] as const)('of a POST by %d is a %s', async (status, method, body) => {
    const outside = await serve(to('/end', status));
    const url = `http://127.0.0.1:${outside.port}/start`;
    await guard(['127.0.0.1']).request({
      url,
      method: 'POST',
      body: 'Text.',
      headers: { 'content-type': 'text/plain' },
    });
    expect(outside.requests[1]).toMatchObject({ method, body, url: '/end' });
    expect(outside.requests[1]?.headers['content-type']).toBe(body ? 'text/plain' : undefined);
  });

  it('takes secrets along to the same origin alone', async () => {
    const other = await serve(hello);
    const headers = { authorization: 'Bearer one', cookie: 'two', accept: 'text/html' };
    const first = await serve(to('/end'));
    await guard(['127.0.0.1']).request({ url: `http://127.0.0.1:${first.port}/start`, headers });
    expect(first.requests[1]?.headers).toMatchObject(headers);
    const second = await serve(to(`http://127.0.0.1:${other.port}/`));
    await guard(['127.0.0.1']).request({ url: `http://127.0.0.1:${second.port}/start`, headers });
    expect(other.requests[0]?.headers).toMatchObject({ accept: 'text/html' });
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(other.requests[0]?.headers).not.toHaveProperty('cookie');
  });
});

describe('a body', () => {
  const packed = (encoding: string, bytes: Buffer): RequestListener => {
    return (_, response) => void response.writeHead(200, { 'content-encoding': encoding }).end(bytes);
  };
  const read = async (answer: RequestListener, part: Partial<OutboundRequest> = {}) => {
    const { port } = await serve(answer);
    return guard(['127.0.0.1']).request({ url: `http://127.0.0.1:${port}/`, ...part });
  };

  it.each([
    ['gzip', gzipSync('Text.')],
    ['deflate', deflateSync('Text.')],
    ['br', brotliCompressSync('Text.')],
    ['identity', Buffer.from('Text.')],
  ])('is unpacked: %s', async (encoding, bytes) => {
    expect((await read(packed(encoding, bytes))).bytes.toString()).toBe('Text.');
  });

  it('is read as far as is wanted', async () => {
    const answer = await read((_, response) => void response.end('x'.repeat(5_000)), { maxBytes: 1_000 });
    expect(answer).toMatchObject({ truncated: true });
    expect(answer.bytes).toHaveLength(1_000);
  });

  it('of exactly that length is whole', async () => {
    expect(await read((_, response) => void response.end('x'.repeat(50)), { maxBytes: 50 })).toMatchObject({
      truncated: false,
    });
  });

  it('that never ends is left', async () => {
    const endless: RequestListener = (_, response) => {
      const more = (): void => {
        if (!response.destroyed && response.write('x'.repeat(10_000))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    };
    expect((await read(endless, { maxBytes: 100_000 })).bytes).toHaveLength(100_000);
  });

  it('that would unpack to a hundred megabytes costs no more than what is read of it', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000));
    expect(bomb.length).toBeLessThan(200_000);
    const before = process.memoryUsage().arrayBuffers;
    const answer = await read(packed('gzip', bomb), { maxBytes: 10_000 });
    expect(answer.bytes).toHaveLength(10_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  it.each([
    ['packed twice', 'gzip, gzip', gzipSync(gzipSync('Text.'))],
    ['packed in a way that was not asked for', 'constructor', Buffer.from('Text.')],
    ['not packed as it says', 'gzip', Buffer.from('Text.')],
    ['packed, and cut off', 'gzip', gzipSync('x'.repeat(1_000)).subarray(0, 20)],
  ])('is refused: %s', async (_, encoding, bytes) => {
    const { port } = await serve(packed(encoding, bytes));
    expect(await codeOf(guard(['127.0.0.1']), { url: `http://127.0.0.1:${port}/` })).toBe('OUTBOUND_BAD_RESPONSE');
  });

  it('is none after HEAD', async () => {
    const answer = await read((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(), {
      method: 'HEAD',
    });
    expect(answer).toMatchObject({ status: 200, bytes: Buffer.alloc(0) });
  });
});

describe('a failure', () => {
  let closedPort: number;
  beforeAll(async () => {
    const gone = await Outside.start(hello);
    closedPort = gone.port;
    await gone.stop();
  });

  it('says that nobody answers', async () => {
    expect(await codeOf(guard(['127.0.0.1']), { url: `http://127.0.0.1:${closedPort}/` })).toBe('OUTBOUND_UNREACHABLE');
  });

  it('says that there is no such name', async () => {
    const resolve: Resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND 10.0.0.53'), { code: 'ENOTFOUND' });
    };
    expect(await codeOf(guard([], { resolve }), { url: 'http://nobody.example/' })).toBe('OUTBOUND_UNREACHABLE');
    expect(await codeOf(guard([], { resolve: async () => [] }), { url: 'http://nobody.example/' })).toBe(
      'OUTBOUND_UNREACHABLE',
    );
  });

  it('says that the look-up took too long', async () => {
    const outbound = guard([], { resolve: () => new Promise(() => {}), connectTimeoutMs: 20 });
    expect(await codeOf(outbound, { url: 'http://slow.example/' })).toBe('OUTBOUND_TIMEOUT');
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['no answer', () => {}],
    ['no body', (response) => void response.writeHead(200).flushHeaders()],
    ['a body without end', (response) => void response.write('Beginning')],
  ])('says that it took too long: %s', async (_, answer) => {
    const { port } = await serve((_request, response) => answer(response));
    const url = `http://127.0.0.1:${port}/`;
    expect(await codeOf(guard(['127.0.0.1']), { url, timeoutMs: 100 })).toBe('OUTBOUND_TIMEOUT');
  });

  it('says that it was cancelled, before and in between', async () => {
    const { port } = await serve(() => {});
    const [outbound, url] = [guard(['127.0.0.1']), `http://127.0.0.1:${port}/`];
    expect(await codeOf(outbound, { url, signal: AbortSignal.abort(new Error('mine')) })).toBe('OUTBOUND_CANCELLED');
    const caller = new AbortController();
    setTimeout(() => caller.abort(new Error('mine')), 20);
    expect(await codeOf(outbound, { url, signal: caller.signal })).toBe('OUTBOUND_CANCELLED');
  });

  it.each<[string, (response: ServerResponse) => void, OutboundErrorCode]>([
    ['no HTTP', ({ socket }) => void socket?.end('SSH-2.0-OpenSSH\r\n\r\n'), 'OUTBOUND_BAD_RESPONSE'],
    ['a broken connection', ({ socket }) => socket?.resetAndDestroy(), 'OUTBOUND_UNREACHABLE'],
    [
      'enormous headers',
      (response) => void response.writeHead(200, { a: 'x'.repeat(30_000) }).end(),
      'OUTBOUND_BAD_RESPONSE',
    ],
  ])('says what came: %s', async (_, answer, code) => {
    const { port } = await serve((_request, response) => answer(response));
    expect(await codeOf(guard(['127.0.0.1']), { url: `http://127.0.0.1:${port}/` })).toBe(code);
  });

  it('leaves answers of any status to the caller', async () => {
    const { port } = await serve((_, response) => void response.writeHead(404).end('No.'));
    const answer = await guard(['127.0.0.1']).request({ url: `http://127.0.0.1:${port}/` });
    expect(answer).toMatchObject({ status: 404, bytes: Buffer.from('No.') });
  });
});
