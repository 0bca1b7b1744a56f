import { type Tool, ToolError } from '#core/tool/tool.port';

/** Tells the date and time. */
export const currentTime: Tool = {
  name: 'current_time',
  title: 'Clock',
  description: 'Tells the present date and time, in UTC or in a time zone.',
  parameters: {
    type: 'object',
    properties: { timeZone: { type: 'string', description: 'IANA name, such as Europe/Berlin. Left out: UTC.' } },
    additionalProperties: false,
  },
  effect: 'NONE',
  timeoutMs: 1_000,
  maxResultCharacters: 500,
  async run({ timeZone = 'UTC' }) {
    const now = new Date();
    try {
      const format = new Intl.DateTimeFormat('en-GB', {
        timeZone: String(timeZone),
        dateStyle: 'full',
        timeStyle: 'long',
      });
      return { utc: now.toISOString(), timeZone: String(timeZone), local: format.format(now) };
    } catch {
      throw new ToolError('UNKNOWN_TIME_ZONE', `There is no time zone ${String(timeZone)}. Use an IANA name.`);
    }
  },
};
