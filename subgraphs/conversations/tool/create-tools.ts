import type { Kernel } from '#core/kernel';
import { ToolRegistry } from '#core/tool/tool-registry';
import type { PeerDirectory } from '../peer-directory.ts';
import { SearchService } from '../search/search.service.ts';
import { BuiltInTools } from './built-in-tools.ts';
import { calculator } from './calculator.ts';
import { currentTime } from './current-time.ts';
import { AgentMemory } from './memory/agent-memory.ts';
import { memoryRead } from './memory/memory-read.ts';
import { memoryWrite } from './memory/memory-write.ts';
import { searchConversation } from './room/search-conversation.ts';
import { startTask } from './task/start-task.ts';
import { ToolResolver } from './tool.resolver.ts';
import { fetchUrl } from './web/fetch-url.ts';
import { PageReader } from './web/page-reader.ts';
import { sendRequest } from './web/send-request.ts';

export interface ToolOptions {
  kernel: Pick<Kernel, 'database' | 'log' | 'outbound' | 'peers'>;
  directory: PeerDirectory;
}

/** Composes what agents can do besides talking. */
export function createTools({ kernel: { database, log, outbound, peers }, directory }: ToolOptions) {
  const pages = new PageReader();
  const memory = new AgentMemory(peers);
  const builtIn = new BuiltInTools([
    currentTime,
    calculator,
    searchConversation(new SearchService(database), directory),
    memoryRead(memory),
    memoryWrite(memory),
    fetchUrl(outbound, pages),
    sendRequest(outbound, pages),
    startTask(peers),
  ]);
  const tools = new ToolRegistry([{ id: 'built-in', namespace: null, source: builtIn }], log);
  return {
    tools,
    resolver: new ToolResolver(tools),
    /** Ends the processes of tools. */
    close: () => pages.close(),
  };
}
