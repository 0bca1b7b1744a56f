import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '#core/database/database';
import type { Environment } from '#core/environment';
import { unavailable } from '#core/error';
import type { Logger } from '#core/log';
import { DiskStorage } from '#core/storage/disk-storage';
import { S3Storage } from '#core/storage/s3-storage';
import type { ObjectStorage } from '#core/storage/storage.port';
import { StartError, systemCode } from './start-error.ts';

export interface StorageOptions {
  environment: Environment;
  /** Files lie in it, unless the settings name another folder or a bucket. */
  dataFolder: string;
  database: Database;
  log: Logger;
}

/** Where this process keeps files. @throws StartError where the settings of a bucket are incomplete. */
export async function openStorage({ environment, dataFolder, database, log }: StorageOptions): Promise<ObjectStorage> {
  const {
    S3_BUCKET_URL: bucketUrl,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  } = environment;
  if (bucketUrl !== undefined) {
    if (!accessKeyId || !secretAccessKey) {
      throw new StartError('S3_BUCKET_URL needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY beside it.');
    }
    return new S3Storage({ bucketUrl, region: environment.S3_REGION, accessKeyId, secretAccessKey });
  }
  const folder = environment.PARLEY_FILES ?? join(dataFolder, 'files');
  return new SharedFolder(folder, database, log);
}

/** The name of the file, and of the setting, that tell whether a folder is the one that all processes use. */
const MARK = 'installation';

/**
 * Files on disk, for as long as the folder is the one that the others of this installation use as well: what one process
 * takes another has to read. Looked at when it is first used, since most processes never use it.
 */
class SharedFolder implements ObjectStorage {
  readonly kind = 'disk';
  private readonly disk: DiskStorage;
  private checked: Promise<void> | null = null;

  constructor(
    private readonly folder: string,
    private readonly database: Database,
    private readonly log: Logger,
  ) {
    this.disk = new DiskStorage(folder);
  }

  async put(...args: Parameters<DiskStorage['put']>): Promise<void> {
    await this.check();
    return this.disk.put(...args);
  }

  async get(...args: Parameters<DiskStorage['get']>): ReturnType<DiskStorage['get']> {
    await this.check();
    return this.disk.get(...args);
  }

  async delete(key: string): Promise<void> {
    await this.check();
    return this.disk.delete(key);
  }

  async ping(): Promise<void> {
    await this.check();
    return this.disk.ping();
  }

  close(): Promise<void> {
    return this.disk.close();
  }

  private check(): Promise<void> {
    this.checked ??= this.look().catch((error: unknown) => {
      this.checked = null;
      throw error;
    });
    return this.checked;
  }

  private async look(): Promise<void> {
    await this.disk.ping();
    const own = await this.readMark();
    const { rows } = await this.database.systemPool.query<{ value: string }>(
      `with made as (insert into settings (key, value) values ('files', to_jsonb($1::text))
                     on conflict (key) do nothing returning value)
       select value #>> '{}' as value from made union all select value #>> '{}' from settings where key = 'files' limit 1`,
      [own],
    );
    const shared = rows[0]?.value;
    if (own === shared) return;
    this.log.error(
      { folder: this.folder, is: own, shouldBe: shared },
      `files of this installation lie in another folder: give all processes the same PARLEY_FILES, or S3_BUCKET_URL; where that folder is lost for good, write what \`shouldBe\` says into the file "${MARK}" of this one`,
    );
    throw unavailable('Files are not set up: the processes of this installation do not share their folder.');
  }

  /** What the folder says that it is; made where it says nothing yet. */
  private async readMark(): Promise<string> {
    const mark = join(this.folder, MARK);
    const made = randomUUID();
    try {
      await writeFile(mark, made, { mode: 0o600, flag: 'wx' });
      return made;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST')
        throw unavailable('The folder of files cannot be used now.', { cause: error });
      return (await readFile(mark, 'utf8')).trim();
    }
  }
}
