import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import {
  ArchiveAgentInput,
  CreateAgentInput,
  DiscardAgentDraftInput,
  DuplicateAgentInput,
  PublishAgentInput,
  RestoreAgentInput,
  RollBackAgentInput,
  UpdateAgentDraftInput,
} from './agent.input.ts';
import {
  ArchiveAgentPayload,
  CreateAgentPayload,
  DiscardAgentDraftPayload,
  DuplicateAgentPayload,
  PublishAgentPayload,
  RestoreAgentPayload,
  RollBackAgentPayload,
  UpdateAgentDraftPayload,
} from './agent.payload.ts';
import { presentAgent, presentVersion } from './agent.presenter.ts';
import type { AgentService } from './agent.service.ts';
import type { AgentPublicationService } from './agent-publication.service.ts';
import type { Publication } from './agent-publication.ts';
import type { AgentRow } from './agent-row.ts';

const presentChange = (agent: AgentRow) => ({ agent: presentAgent(agent) });

const presentPublication = ({ agent, version }: Publication) => ({
  agent: presentAgent(agent),
  version: presentVersion(version),
});

@Resolver()
export class AgentMutationResolver {
  constructor(
    private readonly service: AgentService,
    private readonly publication: AgentPublicationService,
  ) {}

  @Mutation(() => CreateAgentPayload, {
    description: 'Makes an agent. It is published at once and so answers, unless `publish` is false.',
  })
  async createAgent(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => CreateAgentInput) input: CreateAgentInput,
  ): Promise<CreateAgentPayload> {
    const { agent, version, reason } = await this.service.create(requireViewer(viewer), input);
    return {
      agent: presentAgent(agent),
      version: version && presentVersion(version),
      published: version !== null,
      reason,
    };
  }

  @Mutation(() => UpdateAgentDraftPayload, {
    description: 'Changes parts of the draft. What is published answers as before until the draft is published.',
  })
  async updateAgentDraft(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => UpdateAgentDraftInput) input: UpdateAgentDraftInput,
  ): Promise<UpdateAgentDraftPayload> {
    return presentChange(await this.service.updateDraft(requireViewer(viewer), input));
  }

  @Mutation(() => DiscardAgentDraftPayload, {
    description: 'Throws the edits of the draft away: it is again what is published.',
  })
  async discardAgentDraft(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => DiscardAgentDraftInput) input: DiscardAgentDraftInput,
  ): Promise<DiscardAgentDraftPayload> {
    return presentChange(await this.service.discardDraft(requireViewer(viewer), input));
  }

  @Mutation(() => PublishAgentPayload, {
    description: 'Makes the draft the next version, which answers from now on. CONFLICT where nothing has changed.',
  })
  async publishAgent(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => PublishAgentInput) input: PublishAgentInput,
  ): Promise<PublishAgentPayload> {
    return presentPublication(await this.publication.publish(requireViewer(viewer), input));
  }

  @Mutation(() => RollBackAgentPayload, {
    description:
      'Publishes an earlier version again, as a new one. The draft follows, unless it holds edits that were not published.',
  })
  async rollBackAgent(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => RollBackAgentInput) input: RollBackAgentInput,
  ): Promise<RollBackAgentPayload> {
    return presentPublication(await this.publication.rollBack(requireViewer(viewer), input));
  }

  @Mutation(() => ArchiveAgentPayload, {
    description:
      'Takes an agent out of use. What it wrote stays, under its name. Repeating it changes nothing. CONFLICT where a published team holds it.',
  })
  async archiveAgent(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => ArchiveAgentInput) input: ArchiveAgentInput,
  ): Promise<ArchiveAgentPayload> {
    return presentChange(await this.service.archive(requireViewer(viewer), input));
  }

  @Mutation(() => RestoreAgentPayload, { description: 'Takes an archived agent into use again.' })
  async restoreAgent(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => RestoreAgentInput) input: RestoreAgentInput,
  ): Promise<RestoreAgentPayload> {
    return presentChange(await this.service.restore(requireViewer(viewer), input.agentId));
  }

  @Mutation(() => DuplicateAgentPayload, { description: 'Makes a new agent, a draft, from the draft of another.' })
  async duplicateAgent(
    @Ctx() { viewer }: RequestContext,
    @Arg('input', () => DuplicateAgentInput) input: DuplicateAgentInput,
  ): Promise<DuplicateAgentPayload> {
    return presentChange(await this.service.duplicate(requireViewer(viewer), input));
  }
}
