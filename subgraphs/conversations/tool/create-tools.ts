import type { Kernel } from '#core/kernel';
import { ToolRegistry } from '#core/tool/tool-registry';
import { BuiltInTools } from './built-in-tools.ts';
import { calculator } from './calculator.ts';
import { currentTime } from './current-time.ts';
import { ToolResolver } from './tool.resolver.ts';

export interface ToolOptions {
  kernel: Pick<Kernel, 'log'>;
}

/** Composes what agents can do besides talking. */
export function createTools({ kernel }: ToolOptions) {
  const builtIn = new BuiltInTools([currentTime, calculator]);
  const tools = new ToolRegistry([{ id: 'built-in', namespace: null, source: builtIn }], kernel.log);
  return { tools, resolver: new ToolResolver(tools) };
}
