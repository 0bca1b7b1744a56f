import { expect, test } from 'vitest';
import type { Participant } from './operation.ts';
import type { RoomEvent, WorkStep } from './room-event.ts';
import { noteOf } from './room-note.ts';

const max: Participant = { __typename: 'User', id: 'max', name: 'Max' };
const ada = { id: 'ada', name: 'Ada' };
const step = (more: Partial<WorkStep>): WorkStep => ({
  kind: 'TOOL',
  name: 'send_request',
  state: 'RUNNING',
  agent: ada,
  decision: null,
  error: null,
  ...more,
});
const rolledBack = (sideEffects: { name: string }[]) => ({ agent: ada, rollback: { by: max, sideEffects } });
const takeover = { agent: ada, by: max };

type Told = RoomEvent extends infer Event ? (Event extends unknown ? Omit<Event, 'cursor'> : never) : never;

test.each<[Told, string | null]>([
  [
    { __typename: 'BranchSelected', messageId: 'new', replacedMessageId: 'seen' },
    'Another version is shown from “Hello” on. /branches lists what there is.',
  ],
  [
    { __typename: 'BranchSelected', messageId: 'new', replacedMessageId: null },
    'Another version is shown. /branches lists what there is.',
  ],
  [
    { __typename: 'RunRolledBack', run: rolledBack([]) },
    'What Ada was at is taken back by Max: agents see it no more.',
  ],
  [
    { __typename: 'RunRolledBack', run: rolledBack([{ name: 'send_request' }, { name: 'pay' }]) },
    'What Ada was at is taken back by Max: agents see it no more. What its tools did stays: send_request, pay.',
  ],
  [{ __typename: 'ConversationTakenOver', takeover }, 'Max speaks for Ada, until /handback.'],
  [
    { __typename: 'ConversationTakenOver', takeover: { ...takeover, agent: null } },
    'Max speaks for all agents here, until /handback.',
  ],
  [{ __typename: 'ConversationHandedBack', takeover, by: { name: 'Olga' } }, 'Olga lets Ada answer again.'],
  [{ __typename: 'ConversationUpdated', title: 'Attic' }, 'The room is called Attic now.'],
  [{ __typename: 'ConversationUpdated', title: null }, 'The room has no title any more.'],
  [{ __typename: 'ParticipantJoined', participant: max }, 'Max comes into the room.'],
  [{ __typename: 'ParticipantLeft', participant: max }, 'Max is no longer in the room.'],
  [{ __typename: 'PersonErased', participant: max }, 'What Max wrote is gone for good.'],
  [{ __typename: 'ReactionAdded', messageId: 'seen', emoji: '👍', participant: max }, 'Max puts 👍 to “Hello”.'],
  [
    { __typename: 'ReactionRemoved', messageId: 'old', emoji: '👍', participant: max },
    'Max takes 👍 away from an earlier message.',
  ],
  [{ __typename: 'ContextFolded', agent: ada, messageCount: 40 }, 'Ada keeps 40 older messages in mind as a summary.'],
  [{ __typename: 'StepStarted', step: step({ kind: 'AGENT', name: 'writer' }) }, 'Ada is at work.'],
  [{ __typename: 'StepStarted', step: step({ kind: 'MODEL' }) }, null],
  [{ __typename: 'StepStarted', step: step({ kind: 'DECISION' }) }, null],
  [{ __typename: 'ToolCallStarted', step: step({}) }, 'Ada calls send_request.'],
  [{ __typename: 'ToolCallFinished', step: step({ state: 'SUCCEEDED' }) }, null],
  [
    { __typename: 'ToolCallFinished', step: step({ state: 'FAILED', error: { message: 'No answer.' } }) },
    'Ada: send_request has failed: No answer.',
  ],
  [{ __typename: 'StepFinished', step: step({ kind: 'AGENT', state: 'FAILED' }) }, 'Ada has failed.'],
  [
    { __typename: 'StepFinished', step: step({ kind: 'DECISION', state: 'SUCCEEDED', decision: { node: 'tax' } }) },
    'Ada chooses tax.',
  ],
  [{ __typename: 'StepFinished', step: step({ kind: 'MODEL', state: 'FAILED' }) }, null],
])('%j is said in a line: %s', (event, said) => {
  const words = (messageId: string) => (messageId === 'seen' ? 'Hello' : undefined);
  expect(noteOf({ ...event, cursor: '' } as RoomEvent, words)).toBe(said);
});
