import { handleJob } from '#core/job/job';
import type { Kernel } from '#core/kernel';
import { RecordRetentionResolver } from '../retention/retention.resolver.ts';
import { RecordRetentionService } from '../retention/retention.service.ts';
import { trimRecord, trimRecordJob } from '../retention/trim-record.ts';
import { AuditResolver } from './audit.resolver.ts';
import { AuditExport } from './audit-export.ts';
import { AuditLog } from './audit-log.ts';
import { auditStep } from './audit-step.ts';
import { CheckpointService } from './checkpoint.service.ts';
import { AuditKey } from './checkpoint.ts';
import { AuditVerifier } from './verify-audit.ts';

/** Composes the audit trail, and how long it and the log are kept. */
export function createAudit({ database, transactions, sealer, peers, jobs, log, environment }: Kernel) {
  const key = new AuditKey(database, sealer);
  const trail = new AuditLog(database);
  const checkpoints = new CheckpointService({ database, transactions, log, key, trail });
  const verifier = new AuditVerifier(database, key);
  const resolver = new AuditResolver({
    log: trail,
    verifier,
    exports: new AuditExport({ log: trail, transactions, sealer, peers }),
    checkpoints,
    key,
  });
  const minimumDays = environment.MIN_RETENTION_DAYS;
  const retention = new RecordRetentionService({ database, transactions, jobs, log, minimumDays });
  const trimming = { database, transactions, verifier, key, log };
  return {
    resolvers: [resolver, new RecordRetentionResolver(retention)],
    step: auditStep(key),
    jobs: [handleJob(trimRecordJob, ({ orgId }, { signal }) => trimRecord(orgId, trimming, signal))],
    startSweep() {
      const stops = [checkpoints.startSweep(), retention.startSweep()];
      return async () => void (await Promise.all(stops.map((stop) => stop())));
    },
  };
}
