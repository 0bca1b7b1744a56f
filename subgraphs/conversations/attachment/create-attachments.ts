import type { Kernel } from '#core/kernel';
import type { FileDoor } from '#core/subgraph/file-door';
import type { RequestScope } from '../request-scope.ts';
import { AttachmentService } from './attachment.service.ts';
import { createDoor } from './attachment-door.ts';
import { AttachmentLinks } from './attachment-link.ts';
import { AttachmentStore } from './attachment-store.ts';
import { startAttachmentSweep, sweepAll } from './attachment-sweep.ts';
import { MadePictures } from './made-pictures.ts';
import { ModelFiles } from './model-files.ts';

/** Composes what is done with files: taking and giving them, their addresses, and the removal of those that go. */
export function createAttachments({ environment, secrets, database, transactions, storage, log }: Kernel) {
  const links = new AttachmentLinks(secrets.internalSecret, environment.PUBLIC_URL?.replace(/\/$/, '') ?? '');
  const store = new AttachmentStore({
    database,
    transactions,
    storage,
    maxBytes: environment.UPLOAD_MAX_BYTES,
    quotaBytes: environment.UPLOAD_QUOTA_BYTES,
  });
  const service = new AttachmentService(database, store, log);
  return {
    links,
    store,
    service,
    modelFiles: new ModelFiles(database, store),
    pictures: new MadePictures(database, store),
    door: (scope: RequestScope): FileDoor => createDoor({ attachments: service, store, links, scope, log }),
    sweep: () => sweepAll({ database, store, log }),
    startSweep: ({ alone }: { alone: boolean }) => startAttachmentSweep({ database, store, log, alone }),
  };
}
