import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type File as GeminiFile, type GoogleGenAI } from '@google/genai';
import type { FileUpload, UploadedFile } from './model.port.ts';
import { isModelError, ModelError, modelCancelled } from './model-error.ts';
import { type FaultContext, httpFault, transportFault } from './model-fault.ts';

/** Google keeps a file for two days; this is what holds where it does not say until when. */
const KEPT_MS = 47 * 3_600_000;
/** How long Google may take to make a file ready, in milliseconds, and how often it is asked. */
const READY_WITHIN_MS = 120_000;
const ASK_EVERY_MS = 1_000;

/** Gemini's Files API: for what is too large to go within a request. */
export class GeminiFiles {
  /** @param connect A client whose requests end with a signal: for uploads the SDK takes none itself. */
  constructor(
    private readonly connect: (signal: AbortSignal) => GoogleGenAI,
    private readonly context: FaultContext,
  ) {}

  /** Resolves when the file can be used. @throws ModelError */
  async upload({ fileName, mimeType, bytes }: FileUpload, signal: AbortSignal): Promise<UploadedFile> {
    try {
      signal.throwIfAborted();
      const file = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mimeType });
      const client = this.connect(signal);
      const begun = await leavable(client.files.upload({ file, config: { mimeType, displayName: fileName } }), signal);
      const { uri, expirationTime } = await this.whenReady(client, begun, fileName, signal);
      if (!uri)
        throw new ModelError('MODEL_BAD_RESPONSE', `${this.context.label} took a file and did not say where to.`);
      const expiresAt = expirationTime ? new Date(expirationTime) : new Date(Date.now() + KEPT_MS);
      return { uri, expiresAt };
    } catch (error) {
      if (signal.aborted) throw modelCancelled();
      if (isModelError(error)) throw error;
      if (error instanceof ApiError) {
        throw httpFault({ status: error.status, detail: error.message }, this.context, error);
      }
      throw transportFault(error, this.context);
    }
  }

  private async whenReady(
    client: GoogleGenAI,
    begun: GeminiFile,
    fileName: string,
    signal: AbortSignal,
  ): Promise<GeminiFile> {
    const deadline = Date.now() + READY_WITHIN_MS;
    let file = begun;
    // Small ones are ready at once; a state that this version does not know is taken for one to wait in.
    while (file.state !== undefined && String(file.state) !== 'ACTIVE') {
      if (String(file.state) === 'FAILED' || !file.name) {
        throw new ModelError('MODEL_INVALID_REQUEST', `${this.context.label} cannot read the file ${fileName}.`);
      }
      if (Date.now() > deadline) {
        throw new ModelError('MODEL_TIMEOUT', `${this.context.label} took too long to read the file ${fileName}.`);
      }
      await sleep(ASK_EVERY_MS, undefined, { signal });
      file = await client.files.get({ name: file.name });
    }
    return file;
  }
}

/** The SDK waits between its own tries, and nothing ends that: it is left behind. */
async function leavable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave: () => void = () => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(modelCancelled());
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
