import type { Kernel } from '#core/kernel';
import { ToolRegistry } from '#core/tool/tool-registry';
import { BuiltInTools } from './built-in-tools.ts';
import { calculator } from './calculator.ts';
import { currentTime } from './current-time.ts';
import { ToolResolver } from './tool.resolver.ts';
import { fetchUrl } from './web/fetch-url.ts';
import { PageReader } from './web/page-reader.ts';
import { sendRequest } from './web/send-request.ts';

export interface ToolOptions {
  kernel: Pick<Kernel, 'log' | 'outbound'>;
}

/** Composes what agents can do besides talking. */
export function createTools({ kernel: { outbound, log } }: ToolOptions) {
  const pages = new PageReader();
  const builtIn = new BuiltInTools([currentTime, calculator, fetchUrl(outbound, pages), sendRequest(outbound, pages)]);
  const tools = new ToolRegistry([{ id: 'built-in', namespace: null, source: builtIn }], log);
  return {
    tools,
    resolver: new ToolResolver(tools),
    /** Ends the processes of tools. */
    close: () => pages.close(),
  };
}
