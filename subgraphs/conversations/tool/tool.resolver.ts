import { Arg, Ctx, Directive, Query, Resolver } from 'type-graphql';
import { badInput } from '#core/error';
import type { RequestContext } from '#core/request-context';
import type { Tool, ToolSource } from '#core/tool/tool.port';
import { requireViewer } from '#core/viewer';
import { ToolType } from './tool.type.ts';

/** Names that can be asked about at once. */
const MAX_NAMES = 1_000;

@Resolver()
export class ToolResolver {
  constructor(private readonly source: ToolSource) {}

  @Query(() => [ToolType], { description: 'Every tool that an agent of the organization may be given.' })
  async tools(@Ctx() { viewer }: RequestContext): Promise<ToolType[]> {
    return (await this.source.list(requireViewer(viewer))).map(presentTool);
  }

  @Directive('@inaccessible')
  @Query(() => [String], { description: 'Those of the names that there are tools of.' })
  async knownTools(
    @Ctx() { viewer }: RequestContext,
    @Arg('names', () => [String]) names: string[],
  ): Promise<string[]> {
    if (names.length > MAX_NAMES) throw badInput('names', `It must have at most ${MAX_NAMES} entries.`);
    return (await this.source.find(names, requireViewer(viewer))).map(({ name }) => name);
  }
}

const presentTool = ({ name, title, description, parameters, effect, needsApproval = false }: Tool): ToolType => ({
  name,
  title,
  description,
  parameters,
  effect,
  needsApproval,
});
