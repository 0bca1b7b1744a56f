import type { Kernel } from '#core/kernel';
import { AuditResolver } from './audit.resolver.ts';
import { AuditExport } from './audit-export.ts';
import { AuditLog } from './audit-log.ts';
import { auditWriter } from './audit-writer.ts';
import { CheckpointService } from './checkpoint.service.ts';
import { AuditKey } from './checkpoint.ts';
import { AuditVerifier } from './verify-audit.ts';

/** Composes the audit trail. */
export function createAudit({ database, transactions, sealer, peers, log }: Kernel) {
  const key = new AuditKey(database, sealer);
  const trail = new AuditLog(database);
  const checkpoints = new CheckpointService({ database, transactions, log, key, trail });
  const resolver = new AuditResolver({
    log: trail,
    verifier: new AuditVerifier(database, key),
    exports: new AuditExport({ log: trail, transactions, sealer, peers }),
    checkpoints,
    key,
  });
  return { resolver, write: auditWriter(key), startSweep: () => checkpoints.startSweep() };
}
