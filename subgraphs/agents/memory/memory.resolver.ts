import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { DEFAULT_PAGE_SIZE, type Page } from '#core/graphql/pagination';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { AgentLoadersOf } from '../agent.loaders.ts';
import { presentAgent } from '../agent.presenter.ts';
import { AgentType, type UserReferenceType } from '../agent.type.ts';
import {
  AppendToMemoryBlockInput,
  CreateMemoryBlockInput,
  DeleteMemoryBlockInput,
  MemoryFilterInput,
  UpdateMemoryBlockInput,
} from './memory.input.ts';
import type { MemoryLoadersOf } from './memory.loaders.ts';
import {
  AppendToMemoryBlockPayload,
  CreateMemoryBlockPayload,
  DeleteMemoryBlockPayload,
  EraseOwnMemoryPayload,
  UpdateMemoryBlockPayload,
} from './memory.payload.ts';
import { presentBlock, presentRevision } from './memory.presenter.ts';
import type { MemoryService } from './memory.service.ts';
import {
  MemoryAuthorUnion,
  MemoryBlockConnection,
  MemoryBlockType,
  MemoryRevisionConnection,
  MemoryRevisionType,
} from './memory.type.ts';
import type { MemoryReader } from './memory-reader.ts';

const AFTER = 'The cursor after which to begin.';

@Resolver(() => MemoryBlockType)
export class MemoryResolver {
  constructor(
    private readonly reader: MemoryReader,
    private readonly service: MemoryService,
    private readonly loaders: MemoryLoadersOf,
    private readonly agents: AgentLoadersOf,
  ) {}

  @Query(() => MemoryBlockConnection, {
    description:
      'What agents keep in mind, newest first: of the organization, of agents, and of the caller; of a conversation where the filter names it.',
  })
  memoryBlocks(
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
    @Arg('filter', () => MemoryFilterInput, { nullable: true }) filter?: MemoryFilterInput | null,
  ): Promise<Page<MemoryBlockType>> {
    return this.reader.list(requireViewer(context.viewer), { first, after }, filter, presentBlock);
  }

  @Query(() => MemoryBlockType, { nullable: true, description: 'A block by its id.' })
  async memoryBlock(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<MemoryBlockType> {
    return presentBlock(await this.reader.find(requireViewer(context.viewer), id));
  }

  @FieldResolver(() => AgentType, { nullable: true })
  agent(@Ctx() context: RequestContext, @Root() { row }: MemoryBlockType): Promise<AgentType | null> | null {
    return row.scope === 'AGENT' ? this.findAgent(context, row.subjectId) : null;
  }

  @FieldResolver(() => MemoryRevisionConnection, { description: 'Who wrote what, newest first.' })
  revisions(
    @Ctx() context: RequestContext,
    @Root() { row }: MemoryBlockType,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE_SIZE, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
  ): Promise<Page<MemoryRevisionType>> {
    return this.reader.listRevisions(this.loaders(context), row, { first, after }, presentRevision);
  }

  @Mutation(() => CreateMemoryBlockPayload, { description: 'Makes a block.' })
  async createMemoryBlock(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => CreateMemoryBlockInput) input: CreateMemoryBlockInput,
  ): Promise<CreateMemoryBlockPayload> {
    return { memoryBlock: presentBlock(await this.service.create(requireViewer(viewer), input)) };
  }

  @Mutation(() => UpdateMemoryBlockPayload, {
    description: 'Changes a block. CONFLICT where it has changed since the caller read it.',
  })
  async updateMemoryBlock(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => UpdateMemoryBlockInput) input: UpdateMemoryBlockInput,
  ): Promise<UpdateMemoryBlockPayload> {
    return { memoryBlock: presentBlock(await this.service.update(requireViewer(viewer), input)) };
  }

  @Mutation(() => AppendToMemoryBlockPayload, {
    description: 'Puts a line below the text of a block, whatever others write meanwhile.',
  })
  async appendToMemoryBlock(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => AppendToMemoryBlockInput) input: AppendToMemoryBlockInput,
  ): Promise<AppendToMemoryBlockPayload> {
    return { memoryBlock: presentBlock(await this.service.append(requireViewer(viewer), input)) };
  }

  @Mutation(() => DeleteMemoryBlockPayload, {
    description: 'Deletes a block and the record of what was in it. Anybody can delete what is remembered of them.',
  })
  async deleteMemoryBlock(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => DeleteMemoryBlockInput) input: DeleteMemoryBlockInput,
  ): Promise<DeleteMemoryBlockPayload> {
    const { id } = await this.service.delete(requireViewer(viewer), input.blockId);
    return { deletedMemoryBlockId: id };
  }

  @Mutation(() => EraseOwnMemoryPayload, {
    description: 'Deletes all that is remembered of the caller in this organization.',
  })
  async eraseOwnMemory(@Ctx() { viewer }: RequestContext): Promise<EraseOwnMemoryPayload> {
    return { erasedBlocks: (await this.service.eraseOwn(requireViewer(viewer))).length };
  }

  private async findAgent(context: RequestContext, id: string): Promise<AgentType | null> {
    const agent = await this.agents(context).agent.load(id);
    return agent && presentAgent(agent);
  }
}

@Resolver(() => MemoryRevisionType)
export class MemoryRevisionResolver {
  constructor(private readonly agents: AgentLoadersOf) {}

  @FieldResolver(() => MemoryAuthorUnion, { nullable: true })
  async author(
    @Ctx() context: RequestContext,
    @Root() { row }: MemoryRevisionType,
  ): Promise<UserReferenceType | AgentType | null> {
    if (row.authorKind === 'USER') return { id: row.authorId };
    const agent = await this.agents(context).agent.load(row.authorId);
    return agent && presentAgent(agent);
  }
}
