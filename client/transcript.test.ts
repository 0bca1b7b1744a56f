import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Approval, Message, Participant, Run } from './operation.ts';
import type { RoomEvent } from './room-event.ts';
import { plainScreen } from './screen.ts';
import { createPaint } from './style.ts';
import { Transcript } from './transcript.ts';

const ada: Participant = { __typename: 'User', id: 'ada', name: 'Ada' };
const bob: Participant = { __typename: 'User', id: 'bob', name: 'Bob' };
const helper: Participant = { __typename: 'Agent', id: 'helper', name: 'Helper' };
const critic: Participant = { __typename: 'Agent', id: 'critic', name: 'Critic' };

const ENDPOINT = new URL('http://parley.test/graphql');

let output: PassThrough;
let transcript: Transcript;

beforeEach(() => {
  output = new PassThrough();
  transcript = new Transcript(plainScreen(output), createPaint(false), { id: 'ada', isShown: true }, ENDPOINT);
});

const shown = () => String(output.read() ?? '');
const message = (id: string, author: Participant, text: string, status: Message['status'] = 'COMPLETE'): Message => ({
  id,
  author,
  text,
  status,
  attachments: [],
});
const added = (each: Message): RoomEvent => ({ __typename: 'MessageAdded', cursor: '', message: each });
const completed = (each: Message): RoomEvent => ({ __typename: 'MessageCompleted', cursor: '', message: each });
const delta = (messageId: string, text: string, attempt = 1): RoomEvent => ({
  __typename: 'MessageDelta',
  cursor: '',
  messageId,
  attempt,
  text,
});
const run = (state: Run['state'], error: Run['error'] = null): RoomEvent => ({
  __typename: 'RunStateChanged',
  cursor: '',
  run: { id: 'run', state, error, waitingFor: null, agent: { name: 'Helper' } },
});

const play = (...events: RoomEvent[]) => {
  for (const event of events) transcript.event(event);
};

describe('the transcript of a room', () => {
  test('what an agent asks for is shown once, is pending until it is decided, and says how', () => {
    const asked: Approval = {
      id: 'a',
      state: 'PENDING',
      kind: 'TOOL_CALL',
      subject: 'current_time',
      arguments: { timeZone: 'UTC' },
      agent: { name: 'Helper' },
    };
    transcript.approval(asked);
    play({ __typename: 'ApprovalRequested', cursor: '', approval: asked });
    expect(shown()).toBe('· Helper: current_time {"timeZone":"UTC"} has to be allowed: /approve or /reject [why].\n');
    expect(transcript.pending).toEqual([asked]);
    const decided = { ...asked, state: 'REJECTED' as const };
    play({ __typename: 'ApprovalDecided', cursor: '', approval: decided });
    play({ __typename: 'ApprovalDecided', cursor: '', approval: decided });
    expect(shown()).toBe('· Helper: current_time is rejected.\n');
    expect(transcript.pending).toEqual([]);
  });

  test('a reply streams, and its end adds only what was missing', () => {
    play(added(message('q', ada, 'Hi')), added(message('r', helper, '', 'STREAMING')));
    play(delta('r', 'Hello '), delta('r', 'Ada'));
    expect(shown()).toBe('Ada: Hi\nHelper: Hello Ada');
    play(completed(message('r', helper, 'Hello Ada!')), run('SUCCEEDED'));
    expect(shown()).toBe('!\n');
  });

  test('a message that was shown is not shown again', () => {
    transcript.history([message('q', ada, 'Hi'), message('r', helper, 'Hello')]);
    play(completed(message('r', helper, 'Hello')), delta('r', 'late'));
    transcript.history([message('q', ada, 'Hi'), message('r', helper, 'Hello'), message('s', bob, 'New')]);
    expect(shown()).toBe('Ada: Hi\nHelper: Hello\nBob: New\n');
  });

  test('a reply that was under way when the room was loaded is whole at its end', () => {
    transcript.history([message('r', helper, '', 'STREAMING')]);
    play(delta('r', 'ther half'));
    expect(shown()).toBe('Helper: ther half');
    play(completed(message('r', helper, 'One half and the other half')));
    expect(shown()).toBe('\nHelper: One half and the other half\n');
  });

  test('a new attempt is announced, and late pieces of the old one are dropped', () => {
    play(added(message('r', helper, '', 'STREAMING')), delta('r', 'wrong'));
    play({ __typename: 'MessageRestarted', cursor: '', messageId: 'r', attempt: 2 });
    play(delta('r', ' more', 1), delta('r', 'right', 2), completed(message('r', helper, 'right')));
    expect(shown()).toBe(
      'Helper: wrong\n· Helper begins again (attempt 2); what it wrote above is void.\nHelper: right\n',
    );
  });

  test('messages go in between the pieces of a reply', () => {
    play(added(message('r', helper, '', 'STREAMING')), delta('r', 'One'));
    play(added(message('b', bob, 'Wait')));
    play(delta('r', ', two'), completed(message('r', helper, 'One, two')));
    expect(shown()).toBe('Helper: One\nBob: Wait\nHelper (goes on): , two\n');
  });

  test('of two replies at the same time, the second waits for the first', () => {
    play(added(message('r', helper, '', 'STREAMING')), added(message('s', critic, '', 'STREAMING')));
    play(delta('r', 'A'), delta('s', 'x'), delta('r', 'B'), delta('s', 'y'));
    expect(shown()).toBe('Helper: AB');
    play(completed(message('r', helper, 'AB')), delta('s', 'z'), completed(message('s', critic, 'xyz')));
    expect(shown()).toBe('\nCritic: xyz\n');
  });

  test('failures are said in the words of the server, and those who wait are told', async () => {
    play(added(message('r', helper, '', 'STREAMING')), run('RUNNING'), delta('r', 'Part'));
    expect(transcript.activeRuns).toEqual(['run']);
    const ended = transcript.whenEnded('run');
    const fault = { code: 'MODEL_RATE_LIMITED', message: 'The model is busy.', retryable: true };
    play(completed(message('r', helper, 'Part', 'FAILED')), run('FAILED', fault));
    expect(shown()).toBe('Helper: Part\n! The model is busy. Sending it again may go better.\n');
    expect((await ended).state).toBe('FAILED');
    expect((await transcript.whenEnded('run')).state).toBe('FAILED');
    expect(transcript.activeRuns).toEqual([]);
  });

  test('a reply that had failed and is gone on with is shown once more', () => {
    play(
      added(message('r', helper, '', 'STREAMING')),
      delta('r', 'Half'),
      completed(message('r', helper, 'Half', 'FAILED')),
    );
    play({ __typename: 'MessageRestarted', cursor: '', messageId: 'r', attempt: 2 });
    play(delta('r', 'Who', 2), delta('r', 'le', 2), completed(message('r', helper, 'Whole')));
    const note = '· Helper begins again (attempt 2); what it wrote above is void.';
    expect(shown()).toBe(`Helper: Half\n${note}\nHelper: Whole\n`);
  });

  test('a version that is chosen is shown again where it had been shown, and what comes meanwhile but once', () => {
    play(added(message('a', ada, 'Hi')), added(message('b', helper, 'Hello')));
    shown();
    const before = transcript.shown;
    play({ __typename: 'BranchSelected', cursor: '', messageId: 'b', replacedMessageId: 'a' });
    play(added(message('c', bob, 'Me too')));
    transcript.again([message('b', helper, 'Hello'), message('c', bob, 'Me too')], before);
    expect(shown()).toBe(
      '· Another version is shown from “Hi” on. /branches lists what there is.\nBob: Me too\nHelper: Hello\n',
    );
  });

  test('a cancelled reply keeps what it had', () => {
    play(added(message('r', helper, '', 'STREAMING')), delta('r', 'Half a'));
    play(completed(message('r', helper, 'Half a', 'CANCELLED')));
    expect(shown()).toBe('Helper: Half a\n· Cancelled.\n');
  });

  test('nobody steers the terminal with what he writes or what he is called', () => {
    const sly = { ...bob, name: 'B\u001b[2Job' };
    play(added(message('b', sly, 'look\u001b]0;title\u0007 \u0008here\u009b2J')));
    play(added(message('r', helper, '', 'STREAMING')), delta('r', 'a\u001b'), delta('r', '[2Jb'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not come through
    expect(shown()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test('one’s own messages are left out where they come from a pipe', () => {
    const own = { id: 'ada', isShown: false };
    const piped = new Transcript(plainScreen(output), createPaint(false), own, ENDPOINT);
    piped.event(added(message('q', ada, 'Hi')));
    piped.event(added(message('b', bob, 'Hello')));
    expect(shown()).toBe('Bob: Hello\n');
  });

  test('a picture is shown when it comes, with its address, and not again with its message', () => {
    const attachment = {
      id: 'p',
      fileName: 'cat\u001b[2J.png',
      mimeType: 'image/png',
      byteSize: 9,
      width: 3,
      height: 2,
      url: '/attachments/p?signature=s',
    };
    const reply = { ...message('m', helper, 'Here it is.'), attachments: [attachment] };
    play(added(message('m', helper, '', 'STREAMING')), delta('m', 'Here '));
    play({ __typename: 'MessageAttachmentAdded', cursor: '', messageId: 'm', attachment });
    play(delta('m', 'it is.'), completed(reply));
    const line = 'Helper: cat.png (image/png, 3 x 2) http://parley.test/attachments/p?signature=s';
    expect(shown()).toBe(`Helper: Here \n· ${line}\nHelper (goes on): it is.\n`);
    const url = 'https://files.test/q';
    play(added({ ...message('n', bob, ''), attachments: [{ ...attachment, mimeType: 'a/b', width: null, url }] }));
    expect(shown()).toBe('· Bob: cat.png (a/b, 9 bytes) https://files.test/q\n');
  });
});
