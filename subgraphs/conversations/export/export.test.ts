import { beforeAll, describe, expect, it } from 'vitest';
import { sendMessage } from '#test/support/room-call';
import { RoomReader } from '#test/support/room-reader';
import type { Person, SeededAgent } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { download, upload } from '../attachment/upload.fixture.ts';

const EXPORT = `mutation ($input: ExportConversationInput!) {
  exportConversation(input: $input) { url expiresAt fileName }
}`;

interface Export {
  url: string;
  expiresAt: string;
  fileName: string;
}

interface Written {
  format: string;
  version: number;
  conversation: { id: string; title: string; createdBy: { name: string } };
  participants: { kind: string; id: string; name: string; leftAt: string | null }[];
  readMarks: { userId: string; messageId: string }[];
  messages: {
    id: string;
    author: { kind: string; id: string; name: string };
    status: string;
    text: string;
    parts: { text: string }[];
    runId: string | null;
    reactions: { emoji: string; by: { id: string } }[];
  }[];
  runs: { id: string; state: string; usage: { totalTokens: number }; modelCalls: { outcome: string }[] }[];
}

describe('exports', { timeout: 90_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let max: Person;
  let vera: Person;
  let outsider: Person;
  let stranger: Person;
  let agent: SeededAgent;

  const start = async (person: Person, conversationId: string, format: string) =>
    (await person.client.request<{ exportConversation: Export }>(EXPORT, { input: { conversationId, format } }))
      .exportConversation;
  const fetchFile = (url: string) => fetch(`${test.url}${url}`);
  const read = async (person: Person, id: string) =>
    (await (await fetchFile((await start(person, id, 'JSON')).url)).json()) as Written;

  beforeAll(async () => {
    test = await startTestServer();
    [olga, stranger] = await Promise.all([test.seed.owner('Olga'), test.seed.owner('Stranger')]);
    [max, vera, outsider] = await Promise.all([
      test.seed.member(olga, 'MEMBER', 'Max'),
      test.seed.member(olga, 'VIEWER', 'Vera *the* <b>'),
      test.seed.member(olga, 'MEMBER', 'Otto'),
    ]);
    agent = await test.seed.agent(olga, { name: 'Ada' });
  }, 120_000);

  it('hold everything as JSON', async () => {
    const { id, cursor } = await test.seed.room(olga, { agents: [agent], people: [max, vera], title: 'Große / Pläne' });
    const reader = new RoomReader(olga.client, id, cursor);
    const { message, run } = await sendMessage(olga.client, id, 'Hello "Ada"');
    const { message: reply } = await reader.until(({ __typename }) => __typename === 'MessageCompleted');
    await reader.until(({ run: seen }) => seen?.state === 'SUCCEEDED');
    await reader.close();
    await max.client.request(
      'mutation ($m: ID!, $c: ID!, $p: ID!) { addReaction(input: {messageId: $m, emoji: "👍"}) { message { id } } markRead(input: {conversationId: $c, messageId: $m}) { conversation { id } } removeParticipant(input: {conversationId: $c, participantId: $p}) { removedParticipantId } }',
      { m: message.id, c: id, p: vera.id },
    );
    const { url, fileName, expiresAt } = await start(olga, id, 'JSON');
    expect(fileName).toBe('Große-Pläne.json');
    expect(new Date(expiresAt).getTime()).toBeGreaterThan(Date.now());
    const response = await fetchFile(url);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
    const written = (await response.json()) as Written;
    expect(written).toMatchObject({
      format: 'parley-conversation',
      version: 1,
      conversation: { id, title: 'Große / Pläne', createdBy: { name: 'Olga' } },
      readMarks: [{ userId: max.id, messageId: message.id }],
      messages: [
        {
          id: message.id,
          author: { kind: 'USER', id: olga.id, name: 'Olga' },
          text: 'Hello "Ada"',
          parts: [{ text: 'Hello "Ada"' }],
          reactions: [{ emoji: '👍', by: { id: max.id } }],
        },
        { id: reply?.id, author: { kind: 'AGENT', id: agent.id, name: 'Ada' }, status: 'COMPLETE', runId: run?.id },
      ],
      runs: [{ id: run?.id, state: 'SUCCEEDED', modelCalls: [{}] }],
    });
    expect(written.messages[1]?.text).toBe(reply?.text);
    expect(written.runs[0]?.usage.totalTokens).toBeGreaterThan(0);
    expect(written.participants.map(({ name, leftAt }) => [name, leftAt !== null])).toEqual(
      expect.arrayContaining([
        ['Olga', false],
        ['Max', false],
        ['Vera *the* <b>', true],
        ['Ada', false],
      ]),
    );
  });

  it('are for people as Markdown, in which nothing that was written is markup', async () => {
    const { id } = await test.seed.room(olga, { people: [max, vera], title: '<h1> *Plans*' });
    await sendMessage(max.client, id, '# Shout\n\n**Olga** · never said <script>alert(1)</script>');
    const { url, fileName } = await start(vera, id, 'MARKDOWN');
    expect(fileName).toBe('h1-Plans.md');
    const response = await fetchFile(url);
    expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    const text = await response.text();
    expect(text).toContain('# \\<h1\\> \\*Plans\\*\n');
    expect(text).toContain('- Vera \\*the\\* \\<b\\> (person)\n');
    expect(text).toMatch(
      /\n\*\*Max\*\* · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n\n> \\# Shout\n>\n> \\\*\\\*Olga\\\*\\\*/,
    );
    expect(text).not.toMatch(/(^|[^\\])<script/);
  });

  it('name the files with the place where they can be fetched', async () => {
    const { id } = await test.seed.room(olga, { people: [max] });
    const { attachment: file } = await upload(max.client, '# Notes', '<b> notes.md', 'text/markdown');
    await sendMessage(max.client, id, '', { attachmentIds: [file?.id] });
    const path = `/attachments/${file?.id}`;
    expect((await read(olga, id)).messages[0]?.parts).toEqual([
      {
        __typename: 'FilePart',
        attachment: expect.objectContaining({ id: file?.id, fileName: '<b> notes.md', byteSize: 7, path }) as unknown,
      },
    ]);
    const markdown = await (await fetchFile((await start(olga, id, 'MARKDOWN')).url)).text();
    expect(markdown).toMatch(/UTC\n\n- \\<b\\> notes\.md \(text\/markdown, 7 bytes\): \/attachments\/[\w-]+\n$/);
    expect(await (await download(olga.client, path)).text()).toBe('# Notes');
  });

  it('are complete however long the room is, and end where they were asked for', async () => {
    const { id } = await test.seed.room(olga);
    await test.pool().query(
      `insert into messages (id, org_id, conversation_id, position, author_kind, author_id, status, text, parts)
       select gen_random_uuid(), $1, $2, n, 'USER', $3, 'COMPLETE', n || repeat(' word', case when n % 100 = 0 then 20000 else 1 end), '[]'
       from generate_series(100, 1499) n`,
      [olga.orgId, id, olga.id],
    );
    await test.pool().query('update stream_heads set last_seq = 2000 where topic = $1', [id]);
    const { url } = await start(olga, id, 'JSON');
    await sendMessage(olga.client, id, 'Too late');
    const written = (await (await fetchFile(url)).json()) as Written;
    expect(written.messages.map(({ text }) => Number.parseInt(text, 10))).toEqual(
      Array.from({ length: 1400 }, (_, index) => index + 100),
    );
  });

  it('hold an empty room', async () => {
    const { id } = await test.seed.room(olga);
    expect(await read(olga, id)).toMatchObject({ messages: [], runs: [], readMarks: [] });
    expect(await (await fetchFile((await start(olga, id, 'MARKDOWN')).url)).text()).toContain('- Olga (person)');
  });

  it('are for those who may read the room; an address holds for as long as they may', async () => {
    const { id } = await test.seed.room(olga, { people: [max] });
    for (const person of [outsider, stranger]) {
      const refused = await person.client.refusal(EXPORT, { input: { conversationId: id, format: 'JSON' } });
      expect(refused.extensions).toEqual({ code: 'NOT_FOUND' });
    }
    const removed = await start(max, id, 'JSON');
    await olga.client.request(
      'mutation ($input: RemoveParticipantInput!) { removeParticipant(input: $input) { removedParticipantId } }',
      { input: { conversationId: id, participantId: max.id } },
    );
    const gone = await test.seed.member(olga, 'MEMBER', 'Gone');
    const theirs = await test.seed.room(gone);
    const loggedOut = await start(gone, theirs.id, 'JSON');
    await gone.client.request('mutation { logOut { sessionId } }');
    for (const { url } of [removed, loggedOut]) expect((await fetchFile(url)).status).toBe(404);
  });

  it('are not to be had with anything but a ticket', async () => {
    const { id } = await test.seed.room(olga);
    const { url } = await start(olga, id, 'JSON');
    const ticket = url.split('=')[1] ?? '';
    const changed = `${ticket.slice(0, -4)}AAAA`;
    for (const path of [
      '',
      '?ticket=',
      '?ticket=x',
      `?ticket=${changed}`,
      `?ticket=${ticket}&ticket=x`,
      `?ticket=${id}`,
    ]) {
      const response = await fetchFile(`/exports${path}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    }
    const asked = await olga.client.refusal('{ exportPage(ticket: "x") { text } }');
    expect(asked.extensions.code).toBe('BAD_USER_INPUT');
  });
});
