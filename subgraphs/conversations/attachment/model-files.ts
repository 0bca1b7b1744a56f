import type { Database } from '#core/database/database';
import type { FileInput, ModelPart, ModelProvider, ModelTurn, RawParts } from '#core/model/model.port';
import { isModelError, ModelError } from '#core/model/model-error';
import type { Attachment } from '#prisma/generated/client';
import type { AttachmentStore } from './attachment-store.ts';
import { isPicture } from './attachment-value.ts';
import { isText } from './file-kind.ts';
import { type FileFacts, inWords, readReference, sizeInWords } from './file-reference.ts';
import { ProviderCopies } from './provider-copies.ts';

/** How much of one text goes to the model, and of all texts of a request, in bytes: about 25,000 and 100,000 tokens. */
const MAX_TEXT_BYTES = 100_000;
const MAX_TEXT_BYTES_IN_ALL = 400_000;

export interface Recipient {
  provider: ModelProvider;
  /** The provider's own name of the model. */
  model: string;
  signal: AbortSignal;
  /** How long it may take until the provider has all of it, in milliseconds. */
  timeoutMs: number;
}

/** What is left of the bounds of one request. */
interface Room {
  inlineBytes: number;
  textBytes: number;
}

/** Brings the files of a conversation to models. Inside the organization of the conversation. */
export class ModelFiles {
  private readonly copies: ProviderCopies;

  constructor(
    private readonly database: Database,
    private readonly store: AttachmentStore,
  ) {
    this.copies = new ProviderCopies(database, store);
  }

  /**
   * The turns with each file as the model takes it: pictures and documents within the request as far as that has room, the
   * newest first, then through the provider's own store; texts as text; whatever it cannot take in words.
   * @throws ModelError; ParleyError `UNAVAILABLE` where the files cannot be read now
   */
  async fill(turns: readonly ModelTurn[], recipient: Recipient): Promise<ModelTurn[]> {
    const ids = referencesIn(turns);
    if (ids.length === 0) return [...turns];
    const { provider, model, timeoutMs } = recipient;
    const late = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([recipient.signal, late]);
    try {
      const found = await this.database.scoped.attachment.findMany({ where: { id: { in: ids }, state: 'READY' } });
      const rows = new Map(found.map((row) => [row.id, row]));
      const input = provider.fileInput(model);
      const room = { inlineBytes: input.inlineBytes, textBytes: MAX_TEXT_BYTES_IN_ALL };
      const filling = { provider, input, room, signal };
      const filled: ModelTurn[] = [];
      for (const turn of [...turns].reverse()) filled.push(await this.fillTurn(turn, rows, filling));
      return filled.reverse();
    } catch (error) {
      recipient.signal.throwIfAborted();
      if (!late.aborted) throw error;
      throw new ModelError('MODEL_TIMEOUT', 'It took too long to give the model the files of the conversation.');
    }
  }

  /**
   * The provider has said that it does not have a file which it was given.
   * @returns whether to fill the turns again is of any use.
   */
  forget(turns: readonly ModelTurn[], provider: ModelProvider): Promise<boolean> {
    return this.copies.forget(referencesIn(turns), provider);
  }

  private async fillTurn(turn: ModelTurn, rows: Rows, filling: Filling): Promise<ModelTurn> {
    const parts: ModelPart[][] = [];
    for (const part of [...turn.parts].reverse()) {
      const facts = readReference(part);
      const row = rows.get(facts?.id ?? '') ?? null;
      if (!facts) parts.push([part]);
      // Of the model's own turn its provider is given what it sent; the others take no files there.
      else if (turn.role === 'model') parts.push([inWords(facts)]);
      else parts.push(await this.tell(row, facts, filling));
    }
    const filled = { ...turn, parts: parts.reverse().flat() };
    const { rawParts, ...told } = filled;
    if (!rawParts || filled.parts.every((part, index) => part === turn.parts[index])) return filled;
    const whole = await this.fillRaw(rawParts, turn.parts, rows, filling);
    return whole ? { ...told, rawParts: whole } : told;
  }

  /** The provider's own form of a turn, with the bytes of its pictures; null where they are gone, or not its own. */
  private async fillRaw(
    rawParts: RawParts,
    parts: readonly ModelPart[],
    rows: Rows,
    { provider, room, signal }: Filling,
  ) {
    if (rawParts.provider !== provider.id) return null;
    const data = new Map<string, string>();
    for (const part of parts) {
      const facts = readReference(part);
      if (!facts || part.type !== 'file') continue;
      const row = rows.get(facts.id);
      const bytes = row && (await this.store.readIfThere(row.storageKey, signal));
      if (!bytes) return null;
      room.inlineBytes -= bytes.length;
      data.set(part.uri, bytes.toString('base64'));
    }
    const swap = (_key: string, value: unknown) => (typeof value === 'string' ? data.get(value) : null) ?? value;
    return JSON.parse(JSON.stringify(rawParts, swap)) as RawParts;
  }

  private async tell(row: Attachment | null, facts: FileFacts, filling: Filling): Promise<ModelPart[]> {
    if (!row) return [inWords(facts, 'it is gone')];
    const { input, room, provider, signal } = filling;
    if (isText(row.mimeType)) return [(await this.text(row, room, signal)) ?? inWords(row, 'it is gone')];
    if (!takes(input, row)) return [inWords(row, 'you cannot look into files of this type')];
    if (row.byteSize <= room.inlineBytes) {
      const bytes = await this.store.readIfThere(row.storageKey, signal);
      if (!bytes) return [inWords(row, 'it is gone')];
      room.inlineBytes -= row.byteSize;
      return [inWords(row), inlinePart(row, bytes)];
    }
    if (!provider.uploadFile) return [inWords(row, 'it is too large to be given to you')];
    try {
      const part = await this.copies.part(row, provider, signal);
      return part ? [inWords(row), part] : [inWords(row, 'it is gone')];
    } catch (error) {
      // What the provider refuses once it refuses always: the conversation has to go on all the same.
      if (!isModelError(error) || error.code !== 'MODEL_INVALID_REQUEST') throw error;
      return [inWords(row, 'it could not be opened')];
    }
  }

  private async text(row: Attachment, room: Room, signal: AbortSignal): Promise<ModelPart | null> {
    const most = Math.min(MAX_TEXT_BYTES, room.textBytes);
    if (most === 0) return inWords(row, 'left out, since there is too much text in the files of this conversation');
    const isCut = row.byteSize > most;
    const bytes = await this.store.readIfThere(
      row.storageKey,
      signal,
      isCut ? { first: 0, last: most - 1 } : undefined,
    );
    if (!bytes) return null;
    room.textBytes -= bytes.length;
    const why = isCut ? `its first ${sizeInWords(bytes.length)} follow` : '';
    const { text: name } = inWords(row, why);
    // A letter that the cut goes through is left out.
    const said = new TextDecoder().decode(bytes, { stream: isCut });
    return { type: 'text', text: `${name}\n${said}\n[End of "${row.fileName}"]` };
  }
}

type Rows = ReadonlyMap<string, Attachment>;

interface Filling {
  provider: ModelProvider;
  input: FileInput;
  room: Room;
  signal: AbortSignal;
}

const referencesIn = (turns: readonly ModelTurn[]): string[] => [
  ...new Set(turns.flatMap(({ parts }) => parts.flatMap((part) => readReference(part)?.id ?? []))),
];

const takes = ({ imageTypes, pdf }: FileInput, { mimeType }: Attachment): boolean =>
  imageTypes.includes(mimeType) || (pdf && mimeType === 'application/pdf');

function inlinePart(row: Attachment, bytes: Buffer): ModelPart {
  const { mimeType, fileName } = row;
  const data = bytes.toString('base64');
  return isPicture(row) ? { type: 'image', mimeType, data } : { type: 'document', mimeType, data, fileName };
}
