import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { credential, download, PDF, png, pngOf, upload, uploadRaw } from './upload.fixture.ts';

const MAX = 1024 * 1024;
let server: TestServer;
let owner: Person;

beforeAll(async () => {
  server = await startTestServer({
    UPLOAD_MAX_BYTES: String(MAX),
    UPLOAD_QUOTA_BYTES: String(4 * MAX),
    UPLOAD_STALL_SECONDS: '0.5',
  });
  owner = await server.seed.owner();
});

const rows = async (orgId: string) =>
  (await server.pool().query('select state, byte_size, sha256 from attachments where org_id = $1', [orgId])).rows;

describe('an upload', () => {
  it('becomes an attachment that knows what it is', async () => {
    const picture = png(40, 30);
    const { status, attachment, requestId } = await upload(owner.client, picture, 'a picture.png');
    expect(status).toBe(201);
    expect(requestId).toBeTruthy();
    expect(attachment).toMatchObject({
      fileName: 'a picture.png',
      mimeType: 'image/png',
      byteSize: picture.length,
      width: 40,
      height: 30,
    });
    const { attachment: found } = await owner.client.request<{ attachment: unknown }>(
      `query ($id: ID!) { attachment(id: $id) { id fileName mimeType byteSize width height url thumbnailUrl createdAt } }`,
      { id: attachment?.id },
    );
    expect(found).toEqual(attachment);
  });

  it('comes as a body as well, in pieces of unknown length, under a name of any letters', async () => {
    const body = new ReadableStream({
      start(controller) {
        for (const piece of ['# Ü', 'ber', 'schrift\n']) controller.enqueue(new TextEncoder().encode(piece));
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/octet-stream', 'x-file-name': encodeURIComponent('../Über uns.md') };
    const { attachment } = await uploadRaw(owner.client, body, headers);
    expect(attachment).toMatchObject({ fileName: 'Über uns.md', mimeType: 'text/markdown', byteSize: 15 });
  });

  it.each([
    [
      'a picture called a document',
      png(2, 2),
      'x.pdf',
      'application/pdf',
      'It is called application/pdf and is image/png',
    ],
    ['a document called a picture', PDF, 'x.png', 'image/png', 'and is application/pdf'],
    ['text called a picture', 'hello', 'x.png', 'image/png', 'It is called image/png and is not'],
    ['a page', '<!doctype html><script>alert(1)</script>', 'x.html', 'text/html', 'of the type text/html'],
    ['a drawing that can run scripts', '<svg onload="alert(1)"/>', 'x.svg', 'image/svg+xml', 'image/svg+xml'],
    ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, ...Array(60).fill(0)]), 'x', '', 'x-elf'],
    ['an archive', Buffer.from('504b0304140000000000', 'hex'), 'x.zip', 'application/zip', 'application/zip'],
    ['bytes that are no text', Buffer.from([0x41, 0x00, 0xc0, 0x42]), 'x.txt', 'text/plain', 'no text in UTF-8'],
    ['text in UTF-16', Buffer.from('\ufeffhello', 'utf16le'), 'x.txt', 'text/plain', 'save it as UTF-8'],
    ['text that breaks off within a letter', Buffer.from([0x41, 0xc3]), 'x.txt', 'text/plain', 'no text in UTF-8'],
    ['nothing', '', 'x.txt', 'text/plain', 'empty'],
    ['a picture that would fill the memory', pngOf(40_000, 40_000, Buffer.from('x')), 'x.png', 'image/png', '40000'],
  ] as [string, Buffer | string, string, string, string][])('refuses %s', async (_what, bytes, name, type, why) => {
    const before = await rows(owner.orgId);
    const { status, errors } = await upload(owner.client, bytes, name, type);
    expect(status).toBe(400);
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'file' }] } });
    expect(errors?.[0]?.message).toContain(why);
    expect(await rows(owner.orgId)).toEqual(before);
  });

  it('takes the longest file, and refuses a byte more, announced or not', async () => {
    const { client } = await server.seed.owner();
    const whole = Buffer.alloc(MAX, 'a');
    expect(await upload(client, whole, 'a.txt', 'text/plain')).toMatchObject({ attachment: { byteSize: MAX } });
    const over = Buffer.alloc(MAX + 1, 'a');
    const refused = { status: 400, errors: [{ message: expect.stringContaining(String(MAX)) as string }] };
    expect(await upload(client, over, 'a.txt', 'text/plain')).toMatchObject(refused);
    expect(await uploadRaw(client, new Blob([over]).stream(), { 'content-type': 'text/plain' })).toMatchObject(refused);
    const huge = Buffer.alloc(40 * MAX, 'a');
    expect(await uploadRaw(client, huge, { 'content-type': 'text/plain' })).toMatchObject(refused);
  });

  it.each(['__proto__', 'constructor', 'a.__proto__', 'a.toString', '..', ''])(
    'takes text whose name is %j for text',
    async (name) => {
      const answer = await upload(owner.client, 'Hello', name, 'application/octet-stream');
      expect(answer).toMatchObject({ status: 201, attachment: { mimeType: 'text/plain' } });
    },
  );

  it.each(['__proto__', 'constructor'])('refuses a type that is called %s', async (type) => {
    const answer = await uploadRaw(owner.client, Buffer.from('Hello'), { 'content-type': type });
    expect(answer).toMatchObject({ status: 415, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it.each([
    ['no file', () => new FormData()],
    [
      'two files',
      () => {
        const form = new FormData();
        form.append('file', new Blob([png(1, 1)]), 'a.png');
        form.append('file', new Blob([png(1, 1)]), 'b.png');
        return form;
      },
    ],
  ])('refuses a form with %s', async (_what, form) => {
    const before = await rows(owner.orgId);
    const answer = await uploadRaw(owner.client, form(), {});
    expect(answer).toMatchObject({ status: 400, errors: [{ message: expect.stringContaining('one file') as string }] });
    expect(await rows(owner.orgId)).toEqual(before);
  });

  it('is for those who may write', async () => {
    const viewer = await server.seed.member(owner, 'VIEWER');
    expect(await upload(viewer.client, png(1, 1))).toMatchObject({
      status: 403,
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
    expect(await upload(server.client, png(1, 1))).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(await upload(server.client.as('nonsense'), png(1, 1))).toMatchObject({ status: 401 });
  });

  it('has to fit into what the organization may keep, also where several come at once', async () => {
    const { client, orgId } = await server.seed.owner();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => upload(client, randomBytes(MAX / 2).toString('hex'), 'a.txt', 'text/plain')),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(answers.flatMap(({ errors }) => errors?.[0]?.extensions.code ?? [])).toEqual([
      'QUOTA_EXCEEDED',
      'QUOTA_EXCEEDED',
    ]);
    expect(await rows(orgId)).toHaveLength(4);
  });
});

describe('many uploads', () => {
  it('of one caller at once are refused with the time to wait; those of another are not', async () => {
    const [eager, other] = [await server.seed.owner(), await server.seed.owner()];
    const flood = Promise.all(Array.from({ length: 60 }, () => upload(eager.client, 'Hello', 'a.txt', 'text/plain')));
    expect(await upload(other.client, 'Hello', 'a.txt', 'text/plain')).toMatchObject({ status: 201 });
    const answers = await flood;
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(20);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBe(answers.length - answers.filter(({ status }) => status === 201).length);
    expect(refused[0]?.errors?.[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 });
    // Nothing of them is counted any longer.
    expect(await upload(eager.client, 'Hello', 'a.txt', 'text/plain')).toMatchObject({ status: 201 });
  });
});

describe('an upload that goes wrong', () => {
  const open = async (head: string[]) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    socket.on('error', () => {});
    socket.write(
      [
        'POST /uploads HTTP/1.1',
        'host: test',
        `authorization: ${credential(owner.client).authorization}`,
        ...head,
        '',
        '',
      ].join('\r\n'),
    );
    return { socket, said: () => said };
  };

  const settled = async (before: unknown[]) => {
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await rows(owner.orgId)).length === before.length) return rows(owner.orgId);
      await sleep(50);
    }
    return rows(owner.orgId);
  };

  it('is given up where it brings a byte now and then', async () => {
    const before = await rows(owner.orgId);
    const { socket, said } = await open(['content-type: text/plain', 'content-length: 1000']);
    const drip = setInterval(() => socket.write('a'), 50);
    while (!said().includes('\r\n\r\n')) await sleep(20);
    clearInterval(drip);
    socket.destroy();
    expect(said()).toContain('400 Bad Request');
    expect(said()).toContain('too slowly');
    expect(await settled(before)).toEqual(before);
  });

  it('leaves nothing where the client goes in the middle', async () => {
    const before = await rows(owner.orgId);
    const { socket } = await open(['content-type: text/plain', 'content-length: 900000']);
    socket.write('a'.repeat(600_000));
    while ((await rows(owner.orgId)).length === before.length) await sleep(20);
    socket.destroy();
    expect(await settled(before)).toEqual(before);
  });

  it('leaves nothing of a form that is cut off, though its length was kept', async () => {
    const before = await rows(owner.orgId);
    const body = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf of it';
    const answer = await uploadRaw(owner.client, body, { 'content-type': 'multipart/form-data; boundary=b' });
    expect(answer).toMatchObject({
      status: 400,
      errors: [{ message: expect.stringContaining('too early') as string }],
    });
    expect(await settled(before)).toEqual(before);
  });

  it('is not taken for longer than it says', async () => {
    const before = await rows(owner.orgId);
    const { socket } = await open(['content-type: text/plain', 'content-length: 3']);
    const closed = once(socket, 'close');
    socket.write('abcdef');
    await closed;
    const after = await rows(owner.orgId);
    expect(after.slice(before.length).every((row) => row.state === 'RECEIVING' || row.byte_size === 3)).toBe(true);
  });

  it('finds other requests unharmed', async () => {
    const { socket } = await open(['content-type: text/plain', 'content-length: 1000']);
    expect(await upload(owner.client, png(1, 1))).toMatchObject({ status: 201 });
    socket.destroy();
  });
});

describe('what was uploaded', () => {
  it('is given back as it was, guarded, whole or in part', async () => {
    const picture = png(20, 10);
    const { attachment } = await upload(owner.client, picture, 'schön "x".png');
    const path = `/attachments/${attachment?.id}`;
    const whole = await download(owner.client, path);
    expect(whole.status).toBe(200);
    expect(Buffer.from(await whole.arrayBuffer()).equals(picture)).toBe(true);
    const headers = Object.fromEntries(whole.headers);
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(picture.length),
      'content-disposition': `inline; filename="sch_n _x_.png"; filename*=UTF-8''sch%C3%B6n%20%22x%22.png`,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': expect.stringContaining('private') as string,
      'accept-ranges': 'bytes',
    });
    const known = await download(owner.client, path, {
      ...credential(owner.client),
      'if-none-match': String(headers.etag),
    });
    expect(known.status).toBe(304);
    const part = await download(owner.client, path, { ...credential(owner.client), range: 'bytes=1-3' });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      'PNG',
      `bytes 1-3/${picture.length}`,
    ]);
    const beyond = await download(owner.client, path, { ...credential(owner.client), range: 'bytes=99999999-' });
    expect(beyond.status).toBe(416);
    const head = await fetch(server.url + path, { method: 'HEAD', headers: credential(owner.client) });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(picture.length)]);
  });

  it('is a download where it is no picture, and never a page', async () => {
    const page = '<html><script>alert(1)</script>';
    const { attachment } = await upload(owner.client, page, 'page.txt', 'text/plain');
    const given = await download(owner.client, attachment?.url ?? '', {});
    expect(given.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(given.headers.get('content-disposition')).toContain('attachment');
    expect(await given.text()).toBe(page);
  });

  it('has a thumbnail that fits', async () => {
    const { attachment } = await upload(owner.client, png(1_200, 600));
    for (const _again of [1, 2]) {
      const given = await download(owner.client, attachment?.thumbnailUrl ?? '', {});
      expect([given.status, given.headers.get('content-type')]).toEqual([200, 'image/webp']);
      const bytes = Buffer.from(await given.arrayBuffer());
      expect(bytes.subarray(8, 12).toString()).toBe('WEBP');
      const { attachment: small } = await upload(owner.client, bytes, 'small.webp', 'image/webp');
      expect(small).toMatchObject({ width: 512, height: 256 });
    }
  });

  it('has none where it cannot be opened, or is no picture', async () => {
    const broken = await upload(owner.client, pngOf(10, 10, Buffer.from('not deflated')));
    expect(broken.status).toBe(201);
    for (const _again of [1, 2]) {
      expect((await download(owner.client, broken.attachment?.thumbnailUrl ?? '', {})).status).toBe(404);
    }
    const { attachment } = await upload(owner.client, PDF, 'a.pdf', 'application/pdf');
    expect(attachment).toMatchObject({ thumbnailUrl: null, width: null });
    expect((await download(owner.client, `/attachments/${attachment?.id}/thumbnail`)).status).toBe(404);
  });

  it('is there for whoever uploaded it alone; for others as if it were not', async () => {
    const { attachment } = await upload(owner.client, png(3, 3));
    const colleague = await server.seed.member(owner);
    const stranger = await server.seed.owner('Sam Stranger');
    const unknown = await download(stranger.client, '/attachments/01920000-0000-7000-8000-000000000000');
    const words = (await unknown.text()).replace(/"requestId":"[^"]*"/, '');
    expect(unknown.status).toBe(404);
    for (const { client } of [colleague, stranger]) {
      for (const path of [`/attachments/${attachment?.id}`, `/attachments/${attachment?.id}/thumbnail`]) {
        const refused = await download(client, path);
        expect([refused.status, await refused.text()]).toEqual([404, words]);
      }
      const query = 'query ($id: ID!) { attachment(id: $id) { id } }';
      const { data, errors } = await client.send(query, { id: attachment?.id });
      expect([data, errors?.[0]?.extensions]).toEqual([{ attachment: null }, { code: 'NOT_FOUND' }]);
    }
    expect((await download(server.client, `/attachments/${attachment?.id}`)).status).toBe(401);
  });

  it('is reached by its signed address for that file and form alone', async () => {
    const [one, other] = [await upload(owner.client, png(4, 4)), await upload(owner.client, png(5, 5))];
    const url = one.attachment?.url ?? '';
    expect((await download(server.client, url, {})).status).toBe(200);
    const forged = [
      url.replace(String(one.attachment?.id), String(other.attachment?.id)),
      url.replace('?', '/thumbnail?'),
      url.replace(/expires=\d+/, 'expires=9999999999'),
      url.replace(/signature=../, 'signature=xx'),
      url.replace(/signature=.*/, 'signature='),
    ];
    for (const address of forged) expect((await download(server.client, address, {})).status).toBe(401);
  });
});
