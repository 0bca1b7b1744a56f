import { Arg, Ctx, Directive, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { presentForRun, presentWrite } from './memory.presenter.ts';
import type { MemoryForRun } from './memory-run.service.ts';
import { MemoryForRunType, WriteMemoryForRunInput, WriteMemoryForRunPayload } from './memory-run.type.ts';

/** Memory for the worker, on behalf of its viewer. The gateway does not show these fields to anybody. */
@Resolver()
export class MemoryPeerResolver {
  constructor(private readonly memory: MemoryForRun) {}

  @Directive('@inaccessible')
  @Query(() => [MemoryForRunType], {
    description: 'What an agent has in mind in a conversation with a person; with labels, the blocks of these alone.',
  })
  async memoryForRun(
    @Ctx() { viewer }: RequestContext,
    @Arg('agentId', () => ID) agentId: string,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('userId', () => ID, { nullable: true }) userId?: string | null,
    @Arg('labels', () => [String], { nullable: true }) labels?: string[] | null,
    @Arg('maxCharacters', () => Int, {
      nullable: true,
      description: 'Of all texts together: those of the last blocks are cut. Left out: none is.',
    })
    maxCharacters?: number | null,
  ): Promise<MemoryForRunType[]> {
    const place = { agentId, conversationId, userId: userId ?? null };
    const what = { labels: labels ?? null, maxCharacters: maxCharacters ?? null };
    const blocks = await this.memory.read(requireViewer(viewer), place, what);
    return blocks.map((row) => ({ ...presentForRun(row), characters: row.characters }));
  }

  @Directive('@inaccessible')
  @Mutation(() => WriteMemoryForRunPayload, {
    description: 'Lets an agent write, once for each idempotency key.',
  })
  async writeMemoryForRun(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => WriteMemoryForRunInput) input: WriteMemoryForRunInput,
  ): Promise<WriteMemoryForRunPayload> {
    return presentWrite(await this.memory.write(requireViewer(viewer), input));
  }
}
