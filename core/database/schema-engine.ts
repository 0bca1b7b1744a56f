import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { EngineAdapter, openPool } from './engine-adapter.ts';

/** The engine wants at least one schema file; what is migrated comes with each call. */
const BARE_SCHEMA: [string, string] = ['schema.prisma', 'datasource db {\n  provider = "postgresql"\n}\n'];

type Bindings = typeof import('@prisma/schema-engine-wasm/schema_engine_bg');

/** Its glue keeps views of the memory of the one instance that it was given: there can be no second in a process. */
let loaded: Promise<Bindings> | undefined;

async function load(): Promise<Bindings> {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const location = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = await readFile(join(dirname(location), 'schema_engine_bg.wasm'));
  const imports = { './schema_engine_bg.js': bindings as unknown as WebAssembly.ModuleImports };
  const { instance } = await WebAssembly.instantiate(bytes, imports);
  const glue = bindings as unknown as { __wbg_set_wasm(exports: WebAssembly.Exports): void };
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  // The engine hands the text of a panic to this global before it traps.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: throwPanic } });
  return bindings;
}

/** An engine that is open, with connections of its own. */
export interface OpenSchemaEngine {
  engine: SchemaEngine;
  /** Why the last script failed, in the words of PostgreSQL; undefined where none did. */
  scriptFailure(): unknown;
  /** Frees its memory and ends its connections. */
  close(): Promise<void>;
}

/**
 * Prisma's real schema engine in its WebAssembly form, so that nothing has to be downloaded. Loaded only when there is
 * a migration to apply or to write.
 */
export async function openSchemaEngine(databaseUrl: string): Promise<OpenSchemaEngine> {
  loaded ??= load();
  const bindings = await loaded;
  const pool = openPool(databaseUrl);
  try {
    const scripts = new EngineAdapter(pool, databaseUrl);
    const adapter = bindMigrationAwareSqlAdapterFactory(scripts);
    const engine = await bindings.SchemaEngine.new({ datamodels: [BARE_SCHEMA] }, () => {}, adapter);
    return {
      engine,
      scriptFailure: () => scripts.failure,
      async close() {
        engine.free();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function throwPanic(message: string): never {
  throw new Error(`The schema engine failed: ${message}`);
}
