import type { Takeover } from './operation.ts';
import type { RoomEvent, WorkStep } from './room-event.ts';

/**
 * What happened in a room besides messages, in one line; null for what goes without saying.
 * @param wordsOf How a message that has been on the screen begins.
 */
export function noteOf(event: RoomEvent, wordsOf: (messageId: string) => string | undefined): string | null {
  switch (event.__typename) {
    case 'BranchSelected': {
      const words = event.replacedMessageId === null ? undefined : wordsOf(event.replacedMessageId);
      const place = words === undefined ? '' : ` from “${words}” on`;
      return `Another version is shown${place}. /branches lists what there is.`;
    }
    case 'RunRolledBack': {
      const { agent, rollback } = event.run;
      const kept = rollback?.sideEffects.map(({ name }) => name) ?? [];
      const stays = kept.length > 0 ? ` What its tools did stays: ${kept.join(', ')}.` : '';
      const by = rollback ? ` by ${rollback.by.name}` : '';
      return `What ${agent.name} was at is taken back${by}: agents see it no more.${stays}`;
    }
    case 'ConversationTakenOver':
      return takeoverNote(event.takeover);
    case 'ConversationHandedBack':
      return `${event.by.name} lets ${silenced(event.takeover)} answer again.`;
    case 'ConversationUpdated':
      return event.title === null ? 'The room has no title any more.' : `The room is called ${event.title} now.`;
    case 'ParticipantJoined':
      return `${event.participant.name} comes into the room.`;
    case 'ParticipantLeft':
      return `${event.participant.name} is no longer in the room.`;
    case 'PersonErased':
      return `What ${event.participant.name} wrote is gone for good.`;
    case 'ReactionAdded':
      return `${event.participant.name} puts ${event.emoji} to ${place(wordsOf(event.messageId))}.`;
    case 'ReactionRemoved':
      return `${event.participant.name} takes ${event.emoji} away from ${place(wordsOf(event.messageId))}.`;
    case 'ContextFolded':
      return `${event.agent.name} keeps ${event.messageCount} older messages in mind as a summary.`;
    case 'StepStarted':
    case 'ToolCallStarted':
      return begun(event.step);
    case 'StepFinished':
    case 'ToolCallFinished':
      return ended(event.step);
    default:
      return null;
  }
}

/** Who speaks for agents now. */
export const takeoverNote = (takeover: Takeover): string =>
  `${takeover.by.name} speaks for ${silenced(takeover)}, until /handback.`;

const silenced = ({ agent }: Takeover): string => agent?.name ?? 'all agents here';

const place = (words: string | undefined): string => (words === undefined ? 'an earlier message' : `“${words}”`);

function begun({ kind, name, agent }: WorkStep): string | null {
  if (kind === 'AGENT') return `${agent.name} is at work.`;
  return kind === 'TOOL' ? `${agent.name} calls ${name}.` : null;
}

/** Of what came well the reply tells, but for what was chosen. */
function ended({ kind, name, state, agent, decision, error }: WorkStep): string | null {
  if (state === 'SUCCEEDED' && typeof decision?.node === 'string') return `${agent.name} chooses ${decision.node}.`;
  if (state !== 'FAILED' || kind === 'MODEL') return null;
  const what = kind === 'AGENT' ? `${agent.name} has failed` : `${agent.name}: ${name} has failed`;
  return error ? `${what}: ${error.message}` : `${what}.`;
}
