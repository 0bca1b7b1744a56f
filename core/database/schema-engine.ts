import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';

/**
 * The stock adapter cuts a script at every semicolon, those in function bodies too, and runs the pieces one by one.
 * Sent whole, PostgreSQL runs it as one implicit transaction: a migration happens or does not.
 */
class WholeScriptAdapter extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await adapter.underlyingDriver().query(script);
    };
    return adapter;
  }
}

/** The engine wants at least one schema file; what is migrated comes with each call. */
const BARE_SCHEMA: [string, string] = ['schema.prisma', 'datasource db {\n  provider = "postgresql"\n}\n'];

/**
 * Prisma's real schema engine in its WebAssembly form, so that nothing has to be downloaded. Loaded only when there is
 * a migration to apply or to write.
 */
export async function openSchemaEngine(databaseUrl: string): Promise<SchemaEngine> {
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
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScriptAdapter({ connectionString: databaseUrl }));
  return bindings.SchemaEngine.new({ datamodels: [BARE_SCHEMA] }, () => {}, adapter);
}

function throwPanic(message: string): never {
  throw new Error(`The schema engine failed: ${message}`);
}
