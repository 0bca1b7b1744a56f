import type { ChatApi } from './api.ts';
import type { Attachment, WhenBusy } from './operation.ts';
import { readLocalFile } from './upload.ts';

/** What goes with the next line that is sent, and how it is sent. */
export class NextLine {
  /** What lines do that are sent while an agent answers. */
  whenBusy: WhenBusy = 'ENQUEUE';
  private files: Attachment[] = [];

  constructor(private readonly api: ChatApi) {}

  /** Uploads a file, to go with the next line. @throws Error with a sentence for the user */
  async attach(path: string): Promise<Attachment> {
    const file = await this.api.upload(await readLocalFile(path));
    this.files.push(file);
    return file;
  }

  /** Takes back what was attached. The server forgets it by itself. @returns how many files that were */
  drop(): number {
    return this.files.splice(0).length;
  }

  /** Sends a line with what was attached to it, which stays where that fails. @returns the run of the reply */
  async send(conversationId: string, text: string, whenBusy = this.whenBusy): Promise<string | null> {
    const files = [...this.files];
    const runId = await this.api.send(
      conversationId,
      text,
      files.map(({ id }) => id),
      whenBusy,
    );
    this.files = this.files.filter((file) => !files.includes(file));
    return runId;
  }
}
