import { GraphQLError, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ParleyError } from './error.ts';
import { createLog } from './log.ts';
import { maskError } from './mask.ts';

const log = createLog({ level: 'silent', pretty: false });
const INTERNAL = 'Something went wrong on our side. Quote the request id r-1.';
const AWAY = 'Something that Parley depends on cannot be reached. Try again shortly.';

const nodes = parse('{ field }').definitions;
/** As graphql-js hands it on: with the place in the document and the path of the field. */
const located = (error: Error) => new GraphQLError(error.message, { nodes, path: ['field'], originalError: error });
const coded = (code: string, message: string, cause?: Error) => Object.assign(new Error(message, { cause }), { code });

describe('what a client reads of an error', () => {
  it.each<[string, GraphQLError, string, string]>([
    [
      'a refusal keeps its words',
      new ParleyError('NOT_FOUND', 'There is no such agent.'),
      'NOT_FOUND',
      'There is no such agent.',
    ],
    [
      'also from a resolver',
      located(new ParleyError('CONFLICT', 'The name is taken.')),
      'CONFLICT',
      'The name is taken.',
    ],
    [
      'and from another process',
      new GraphQLError('No.', { extensions: { code: 'FORBIDDEN', serviceName: 'agents' } }),
      'FORBIDDEN',
      'No.',
    ],
    [
      'a fault of the document',
      new GraphQLError('Syntax Error', { extensions: { code: 'GRAPHQL_PARSE_FAILED' } }),
      'BAD_USER_INPUT',
      'Syntax Error',
    ],
    [
      'a fault of a variable',
      new GraphQLError('Variable "$x" is missing', { nodes }),
      'BAD_USER_INPUT',
      'Variable "$x" is missing',
    ],
    ['an unexpected error has no words', located(new Error('relation "agents" does not exist')), 'INTERNAL', INTERNAL],
    ['nor has one with a code of its own', located(coded('ERR_ASSERTION', 'secret')), 'INTERNAL', INTERNAL],
    [
      'nor a foreign code in its extensions',
      new GraphQLError('secret', { extensions: { code: 'SECRET' } }),
      'INTERNAL',
      INTERNAL,
    ],
    [
      'nor one of the library itself',
      located(new GraphQLError('Enum "X" cannot represent value: "secret"')),
      'INTERNAL',
      INTERNAL,
    ],
    [
      'nor a constraint of the database',
      located(coded('P2002', 'Unique constraint failed on secret')),
      'INTERNAL',
      INTERNAL,
    ],
    ['a database that is away', located(coded('ECONNREFUSED', '10.0.0.7:5432')), 'UNAVAILABLE', AWAY],
    ['however deep it is buried', located(new Error('a', { cause: coded('P1001', '10.0.0.7') })), 'UNAVAILABLE', AWAY],
    [
      'a part that is away keeps its words',
      located(new ParleyError('UNAVAILABLE', 'The models are away.')),
      'UNAVAILABLE',
      'The models are away.',
    ],
  ])('%s', (_, error, code, message) => {
    const shown = maskError(error, log, 'r-1').toJSON();
    expect([shown.extensions?.code, shown.message]).toEqual([code, message]);
    expect(JSON.stringify(shown)).not.toMatch(/secret|10\.0\.0\.7|serviceName|stack/);
  });

  it('has the extensions that are made for it, and no other', () => {
    const fields = [{ path: 'input.name', message: 'Too long.' }];
    const error = new ParleyError('RATE_LIMITED', 'Wait.', {
      fields,
      retryAfterSeconds: 3,
      extensions: { internal: 1, http: { status: 400 } },
    });
    expect(maskError(located(error), log, 'r-1').toJSON()).toMatchObject({
      path: ['field'],
      extensions: { code: 'RATE_LIMITED', fields, retryAfterSeconds: 3 },
    });
    expect(Object.keys(maskError(error, log, 'r-1').extensions).sort()).toEqual([
      'code',
      'fields',
      'retryAfterSeconds',
    ]);
  });

  it('masked twice says the same', () => {
    for (const error of [located(new ParleyError('NOT_FOUND', 'None.')), located(new Error('secret'))]) {
      const once = maskError(error, log, 'r-1');
      expect(maskError(once, log, 'r-1').toJSON()).toEqual(once.toJSON());
    }
  });
});
