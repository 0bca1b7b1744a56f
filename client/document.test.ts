import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const CONSTANT = /const (\w+) =\s*(['`])([\s\S]*?)\2;/g;
const OPERATION = /^(query|mutation|subscription) (\w+)/;

const sources = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((file) => /(?<!\.test|\.fixture)\.ts$/.test(file))
  .map((file) => readFileSync(path.join(FOLDER, file), 'utf8'));
const constants = sources.flatMap((source) =>
  [...source.matchAll(CONSTANT)].map(([, name, , text]) => ({ name, text })),
);
const documents = constants.filter(({ text = '' }) => OPERATION.test(text));

/** A text with the texts that it is put together from. */
const whole = (text: string): string =>
  text.replace(/\$\{(\w+)\}/g, (_, name: string) =>
    whole(constants.find((constant) => constant.name === name)?.text ?? ''),
  );

const schema = buildSchema(readFileSync(path.join(FOLDER, '../supergraph.graphql'), 'utf8'), { assumeValid: true });

test('there are documents to be looked at', () => {
  expect(documents.length).toBeGreaterThan(25);
});

test.each(documents.map(({ name, text }) => [name, whole(text ?? '')]))('%s is what the API understands', (_, text) => {
  expect(validate(schema, parse(text ?? ''))).toEqual([]);
});
