import { describe, expect, it } from 'vitest';
import { isConnectionFailure, isUniqueViolation } from './failure.ts';

const error = (code: string, message = '', cause?: unknown) => Object.assign(new Error(message, { cause }), { code });

describe('whether the database could not be reached', () => {
  it.each<[string, unknown, boolean, boolean]>([
    //                                                                                 at all  before sending
    ['refused', error('ECONNREFUSED'), true, true],
    ['an unknown host', error('ENOTFOUND'), true, true],
    ['starting up', error('57P03'), true, true],
    ['too many connections', error('53300'), true, true],
    ['no connection in time', new Error('timeout exceeded when trying to connect'), true, true],
    [
      'no connection for a transaction in time',
      Object.assign(new Error('Transaction API error: Unable to start a transaction in the given time.'), {
        code: 'P2028',
      }),
      true,
      true,
    ],
    [
      'a transaction that took too long',
      Object.assign(new Error('Transaction API error: Transaction already closed.'), { code: 'P2028' }),
      false,
      false,
    ],
    ['reset in the middle', error('ECONNRESET'), true, false],
    ['ended by an administrator', error('57P01'), true, false],
    ['terminated', new Error('Connection terminated unexpectedly'), true, false],
    [
      'broken before the statement',
      new Error('Client has encountered a connection error and is not queryable'),
      true,
      true,
    ],
    ['Prisma cannot reach it', error('P1001'), true, false],
    ['beneath another error', error('P2010', 'raw query failed', error('ECONNREFUSED')), true, true],
    [
      'beneath Prisma’s meta',
      { code: 'X', meta: { driverAdapterError: { cause: { code: 'ECONNRESET' } } } },
      true,
      false,
    ],
    ['a constraint', error('23505'), false, false],
    ['a syntax error', error('42601'), false, false],
    ['no error', undefined, false, false],
    ['text', 'ECONNREFUSED', false, false],
  ])('%s', (_, failure, anyTime, before) => {
    expect(isConnectionFailure(failure)).toBe(anyTime);
    expect(isConnectionFailure(failure, 'before-sending')).toBe(before);
  });

  it('ends on a chain that goes round', () => {
    const round = error('X');
    round.cause = round;
    expect(isConnectionFailure(round)).toBe(false);
  });
});

it('tells that a row is there already', () => {
  expect([error('P2002'), error('23505'), error('P2025'), undefined].map(isUniqueViolation)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
