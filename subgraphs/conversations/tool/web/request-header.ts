import { ToolError } from '#core/tool/tool.port';

/** What a model may say beside the body. Nothing that logs in, and nothing that is the connection's own. */
const ALLOWED = new Set(['accept', 'accept-language', 'content-type', 'if-match', 'if-none-match', 'prefer']);

/** Headers of a service's own, but for those by which servers are told who asks or what is really meant. */
const OF_SERVICES =
  /^x-(?!forwarded|real-ip|client-ip|original|rewrite|http-method|method-override|parley)[a-z0-9-]{1,60}$/;

const VALUE = /^[\t\x20-\x7e]*$/;

/** The headers that a model gave, with names in lower case. @throws ToolError `BAD_HEADER` */
export function readHeaders(given: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const name = key.trim().toLowerCase();
      if (!ALLOWED.has(name) && !OF_SERVICES.test(name)) {
        const allowed = [...ALLOWED].join(', ');
        throw new ToolError(
          'BAD_HEADER',
          `The header ${name} cannot be sent. There are ${allowed} and x-… of a service.`,
        );
      }
      if (!VALUE.test(String(value))) {
        throw new ToolError('BAD_HEADER', `The header ${name} can hold printable ASCII characters only.`);
      }
      return [name, String(value)];
    }),
  );
}
