import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readEnvironment } from '#core/environment';
import { isSubgraphRole, ROLES, readRoles } from '#server/role';

interface Service {
  image: string;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

const read = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
const { services } = parse(await read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };
const own = Object.entries(services).filter(([, { image, command }]) => image === 'parley' && command);
const scripts = (words: string[]) => words.filter((word) => word.startsWith('dist/'));

/** As Docker Compose would, with a secret and nothing else. */
const fillIn = (text: string) =>
  text.replace(/\$\{(\w+):([-?])([^}]*)\}/g, (_all, name: string, mark: string, rest: string) =>
    mark === '-' ? rest : `the value of ${name}, which is long enough`,
  );

describe('docker-compose.yml', () => {
  it('runs each role once', () => {
    const roles = own.flatMap(([, { command = [] }]) => [...readRoles(command)]);
    expect(roles.sort()).toEqual([...ROLES].sort());
  });

  it.each(own)('gives %s settings that it accepts, and an address where others find it', (name, service) => {
    const variables = Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([key, value]) => [key, fillIn(value)]),
    );
    const settings = readEnvironment(variables);
    if ('problems' in settings) throw new Error(settings.problems.join('\n'));
    const { environment } = settings;
    expect(environment.DATABASE_URL).toContain('@postgres:5432/');
    expect(environment.REDIS_URL).toBe('redis://redis:6379');
    expect(environment.PARLEY_SECRET).toBeDefined();
    const [role] = readRoles(service.command ?? []);
    if (!role || !isSubgraphRole(role)) return;
    const port = String(environment.PARLEY_INTERNAL_PORT);
    expect(environment.PARLEY_INTERNAL_URL).toBe(`http://${name}:${port}`);
    expect(service.healthcheck?.test?.at(-1)).toBe(port);
  });

  it('starts nothing before the schema is there', () => {
    for (const [name, { depends_on: needs }] of own) {
      expect(needs?.migrate, name).toEqual({ condition: 'service_completed_successfully' });
    }
  });

  it('names only what the build makes, as the Dockerfile does', async () => {
    const named = Object.values(services).flatMap(({ entrypoint = [], command = [], healthcheck }) =>
      scripts([...entrypoint, ...command, ...(healthcheck?.test ?? [])]),
    );
    const image = [...(await read('Dockerfile')).matchAll(/"(dist\/[^"]+)"/g)].map(([, file = '']) => file);
    expect(image).toContain('dist/server/main.js');
    for (const file of [...named, ...image]) {
      const source = file.replace(/^dist\//, '').replace(/js$/, 'ts');
      expect(existsSync(new URL(`../../${source}`, import.meta.url)), file).toBe(true);
    }
  });
});
