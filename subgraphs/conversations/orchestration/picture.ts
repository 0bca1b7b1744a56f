import type { ImagePart, ModelPart } from '#core/model/model.port';
import type { AttachmentValue } from '../attachment/attachment-value.ts';
import { inWords, readReference } from '../attachment/file-reference.ts';
import { textOf } from '../run/ask-model.ts';
import type { Speaker } from './speaker.ts';
import type { Visit } from './visit.ts';

/** Who shows the pictures of an agent that says nothing itself: whoever is nearest above it. */
export const shownBy = ({ speaker, scope }: Visit): Speaker => speaker ?? scope.reply;

/** Keeps a picture that an agent has made, as a file of the message that shows it. */
export const keepPicture = ({ scope, agent }: Visit, image: ImagePart, by: Speaker): Promise<AttachmentValue> =>
  scope.pictures.keep(image, {
    run: scope.run,
    agentId: agent.id,
    messageId: by.messageId ?? scope.run.replyMessageId,
  });

/** What an answer says and shows, in its order. */
export async function saidOf(parts: readonly ModelPart[], { scope }: Visit): Promise<(string | AttachmentValue)[]> {
  const found = await scope.pictures.find(parts);
  return parts.flatMap((part) => {
    if (part.type === 'text') return part.text;
    return found.get(readReference(part)?.id ?? '') ?? [];
  });
}

/** The pictures of an answer. */
export const picturesOf = async (parts: readonly ModelPart[], { scope }: Visit): Promise<AttachmentValue[]> => [
  ...(await scope.pictures.find(parts)).values(),
];

/** An answer as whoever let the agent work is given it: where it is nothing but pictures, they are told in words. */
export const outputOf = (parts: readonly ModelPart[]): string =>
  textOf(parts) ||
  parts
    .flatMap((part) => readReference(part) ?? [])
    .map((facts) => inWords(facts, 'made, and shown already').text)
    .join('\n');
