import { Arg, Ctx, Directive, Field, Int, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import {
  AuditCheckpointConnection,
  AuditConnection,
  AuditFilter,
  AuditHeadInput,
  AuditKeyType,
  AuditVerificationType,
  CheckpointAuditPayload,
  ExportAuditInput,
  ExportAuditPayload,
} from './audit.type.ts';
import type { AuditExport } from './audit-export.ts';
import type { AuditLog } from './audit-log.ts';
import type { CheckpointService } from './checkpoint.service.ts';
import type { AuditKey } from './checkpoint.ts';
import type { AuditVerifier } from './verify-audit.ts';

@Directive('@inaccessible')
@ObjectType('AuditExportPage', { simpleResolvers: true, description: 'A piece of an export, for the gateway.' })
export class AuditExportPageType {
  @Field(() => String)
  text!: string;

  @Field(() => String, { nullable: true, description: 'The ticket of the next piece.' })
  next!: string | null;

  @Field(() => String)
  contentType!: string;

  @Field(() => String)
  fileName!: string;
}

export interface AuditParts {
  log: AuditLog;
  verifier: AuditVerifier;
  exports: AuditExport;
  checkpoints: CheckpointService;
  key: AuditKey;
}

@Resolver()
export class AuditResolver {
  constructor(private readonly parts: AuditParts) {}

  @Query(() => AuditConnection, {
    description:
      'Who did what in your organization, the newest first: everything, of every room, but never what was said.',
  })
  auditLog(
    @Arg('filter', () => AuditFilter, { nullable: true }) filter?: AuditFilter | null,
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    return this.parts.log.list(filter, { first, after });
  }

  @Query(() => AuditVerificationType, {
    description:
      'Looks whether the audit trail is as it was written: finds what was edited, deleted, moved or cut off, some thousand entries at a time. `head` is one that you have noted elsewhere.',
  })
  verifyAudit(
    @Ctx() context: RequestContext,
    @Arg('after', () => String, { nullable: true, description: '`next` of an earlier check.' }) after?: string | null,
    @Arg('head', () => AuditHeadInput, { nullable: true }) head?: AuditHeadInput | null,
  ) {
    return this.parts.verifier.verify(requireViewer(context.viewer).orgId, after ?? null, head ?? null);
  }

  @Query(() => AuditCheckpointConnection, { description: 'The signed heads of the audit trail, the newest first.' })
  auditCheckpoints(
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    return this.parts.log.checkpoints(requireViewer(context.viewer).orgId, { first, after });
  }

  @Query(() => AuditKeyType, {
    description: 'What checkpoints are signed with: keep it, to check them without Parley.',
  })
  auditKey(): Promise<AuditKeyType> {
    return this.parts.key.load();
  }

  @Mutation(() => CheckpointAuditPayload, {
    description:
      'Signs the head of the audit trail, to be noted where nobody who could change the trail can change it.',
  })
  async checkpointAudit(@Ctx() context: RequestContext): Promise<CheckpointAuditPayload> {
    return { checkpoint: await this.parts.checkpoints.sign(requireViewer(context.viewer)) };
  }

  @Mutation(() => ExportAuditPayload, {
    description:
      'Gives an address, for some minutes, at which the audit trail can be fetched as a file, the oldest first.',
  })
  exportAudit(
    @Ctx() context: RequestContext,
    @Arg('input', () => ExportAuditInput) input: ExportAuditInput,
  ): Promise<ExportAuditPayload> {
    return this.parts.exports.start(requireViewer(context.viewer), input);
  }

  @Directive('@inaccessible')
  @Query(() => AuditExportPageType, { description: 'A piece of an export. The ticket is what lets in.' })
  auditExportPage(@Arg('ticket', () => String) ticket: string): Promise<AuditExportPageType> {
    return this.parts.exports.page(ticket);
  }
}
