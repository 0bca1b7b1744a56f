import { anyone, permitted, permittedAny } from '#core/subgraph/rule';

const audit = permitted('audit:read');
const kept = permittedAny('audit:read', 'organization:manage');

export const auditQueries = {
  auditLog: audit,
  verifyAudit: audit,
  auditCheckpoints: audit,
  auditKey: audit,
  recordRetention: audit,
  // `@inaccessible`: its ticket is what lets in.
  auditExportPage: anyone,
};

// Whoever can have the record removed answers for the organization.
const owner = permitted('organization:manage');

export const auditMutations = { checkpointAudit: audit, exportAudit: audit, setRecordRetention: owner };

export const auditTypes = {
  AuditEntry: {
    id: audit,
    seq: audit,
    type: audit,
    at: audit,
    recordedAt: audit,
    actor: audit,
    credentialId: audit,
    ip: audit,
    userAgent: audit,
    requestId: audit,
    subject: audit,
    conversation: audit,
    data: audit,
    before: audit,
    after: audit,
    personal: audit,
    isErased: audit,
    hash: audit,
    previousHash: audit,
  },
  AuditConnection: { edges: audit, nodes: audit, pageInfo: audit, totalCount: audit },
  AuditEdge: { cursor: audit, node: audit },
  AuditCheckpoint: { seq: audit, hash: audit, at: audit, signedText: audit, signature: audit, keyId: audit },
  AuditCheckpointConnection: { edges: audit, nodes: audit, pageInfo: audit, totalCount: audit },
  AuditCheckpointEdge: { cursor: audit, node: audit },
  AuditKey: { id: audit, publicKey: audit },
  AuditVerification: { isIntact: audit, checked: audit, fromSeq: audit, toSeq: audit, next: audit, problems: audit },
  AuditProblem: { seq: audit, kind: audit, message: audit },
  AuditExportPage: { text: anyone, next: anyone, contentType: anyone, fileName: anyone },
  RecordRetention: { eventsDays: kept, auditDays: kept, minimumDays: kept },
  SetRecordRetentionPayload: { recordRetention: owner },
  CheckpointAuditPayload: { checkpoint: audit },
  ExportAuditPayload: { url: audit, expiresAt: audit, fileName: audit },
};
