import type { TeamNode } from '#core/agent/team-definition';
import { newId } from '#core/id';
import type { Message } from '#prisma/generated/client';
import { type NodeOutput, workAtNode } from '../node-work.ts';
import { StepFailure } from '../run-signal.ts';
import { Speaker } from '../speaker.ts';
import type { Team } from './team.ts';

/** Lets the agent at a node speak before everybody, in a message of its own. @throws StepFailure */
export async function speakInTurn(team: Team, node: TeamNode, key: string): Promise<NodeOutput> {
  const { journal, run } = team.scope;
  const earlier = journal.find(team.path + key);
  const work = (speaker: Speaker, messageId: string) =>
    workAtNode(team, { node, key, input: { kind: 'ROOM' }, speaker, messageId });
  const messageId = earlier?.messageId ?? newId();
  const end = ({ said }: Speaker, status: 'COMPLETE' | 'FAILED') =>
    journal.endMessage(messageId, {
      status,
      text: said.text,
      parts: said.parts as unknown as Message['parts'],
      completedAt: new Date(),
    });
  // The turn was over before; its message too, unless the worker was lost in between.
  const speaker = earlier?.finishedAt ? Speaker.mute() : team.scope.speakerFor(messageId);
  const now = new Date();
  const message: Message = {
    id: messageId,
    orgId: run.orgId,
    conversationId: run.conversationId,
    position: 0n,
    authorKind: 'AGENT',
    authorId: node.agentId,
    status: 'STREAMING',
    text: '',
    parts: [],
    runId: run.id,
    branchId: run.branchId,
    isShown: true,
    createdAt: now,
    completedAt: null,
  };
  if (!earlier?.finishedAt) await journal.beginMessage(message);
  try {
    const output = await work(speaker, messageId);
    await speaker.drain();
    end(speaker, 'COMPLETE');
    return output;
  } catch (error) {
    if (error instanceof StepFailure) end(speaker, 'FAILED');
    throw error;
  }
}
