/** For how long the same error is not told again, in milliseconds. */
const WHILE_MS = 10_000;

/** Tells of an error once in a while, with how often it came, where a server that is away brings a flood of them. */
export class OncePerWhile {
  private readonly told = new Map<string, { at: number; unsaid: number }>();

  constructor(private readonly say: (error: Error, fields: Record<string, unknown>) => void) {}

  tell(error: Error, fields: Record<string, unknown> = {}): void {
    const now = Date.now();
    const last = this.told.get(error.message);
    if (last && now - last.at < WHILE_MS) {
      last.unsaid += 1;
      return;
    }
    for (const [message, { at }] of this.told) if (now - at >= WHILE_MS) this.told.delete(message);
    this.told.set(error.message, { at: now, unsaid: 0 });
    this.say(error, last?.unsaid ? { ...fields, unsaid: last.unsaid } : fields);
  }
}
