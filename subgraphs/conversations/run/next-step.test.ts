import { describe, expect, it } from 'vitest';
import { unavailable } from '#core/error';
import { ModelError } from '#core/model/model-error';
import { FencedError } from '#core/stream/event';
import { type AttemptFacts, decide, MAX_ATTEMPTS, MAX_MODEL_ATTEMPTS } from './next-step.ts';

const GOOD: AttemptFacts = { attempt: 1, hasShown: true, stopped: null, failure: null, refusal: null, random: 0.5 };
const truncated = new ModelError('MODEL_TRUNCATED', 'It ended early.');
const limited = new ModelError('MODEL_RATE_LIMITED', 'Too many.', { retryAfterMs: 7_000 });
const blocked = new ModelError('MODEL_BLOCKED', 'Not that.');
const stopped = new ModelError('MODEL_CANCELLED', 'Stopped.');
const lost = Object.assign(new Error('lost'), { code: '57P01' });

describe('what follows an attempt', () => {
  it.each([
    ['a whole reply', {}, 'SUCCEED'],
    ['a whole reply that was cancelled too late', { stopped: 'CANCELLED' }, 'SUCCEED'],
    ['a whole reply during a shutdown', { stopped: 'SHUTDOWN' }, 'SUCCEED'],
    ['a cancelled one', { stopped: 'CANCELLED', failure: stopped }, 'CANCEL'],
    ['cancelled before it began', { stopped: 'CANCELLED', failure: 'CANCELLED', hasShown: false }, 'CANCEL'],
    ['a shutdown in the middle', { stopped: 'SHUTDOWN', failure: stopped }, 'BEGIN_AGAIN'],
    ['a claim that was taken over', { stopped: 'FENCED', failure: stopped }, 'LET_GO'],
    ['the same, noticed at the end', { stopped: 'FENCED' }, 'LET_GO'],
    ['the same, noticed by the log', { refusal: new FencedError('room') }, 'LET_GO'],
    ['a log that lost a part', { stopped: 'LOG_REFUSED', failure: stopped, refusal: lost }, 'BEGIN_AGAIN'],
    ['a log that lost the last part', { stopped: 'LOG_REFUSED', refusal: lost }, 'BEGIN_AGAIN'],
    ['a model that broke off', { failure: truncated }, 'BEGIN_AGAIN'],
    ['a model that broke off too often', { failure: truncated, attempt: MAX_MODEL_ATTEMPTS }, 'FAIL'],
    ['a model that never began, after its retries', { failure: truncated, hasShown: false }, 'FAIL'],
    ['a blocked answer', { failure: blocked }, 'FAIL'],
    ['a database that was away', { failure: lost, hasShown: false }, 'BEGIN_AGAIN'],
    ['a part of Parley that was away', { failure: unavailable('Away.'), hasShown: false }, 'BEGIN_AGAIN'],
    ['one that stays away', { failure: unavailable('Away.'), attempt: MAX_ATTEMPTS }, 'FAIL'],
    ['anything unknown', { failure: new TypeError('x is not a function') }, 'FAIL'],
  ] as [string, Partial<AttemptFacts>, string][])('%s', (_name, facts, expected) => {
    expect(decide({ ...GOOD, ...facts }).kind).toBe(expected);
  });

  it('waits as long as the provider said, else longer from time to time', () => {
    expect(decide({ ...GOOD, failure: limited })).toEqual({ kind: 'BEGIN_AGAIN', delayMs: 7_000 });
    const delays = [1, 2, 3].map((attempt) => decide({ ...GOOD, failure: truncated, attempt }));
    expect(delays).toEqual([250, 500, 1_000].map((delayMs) => ({ kind: 'BEGIN_AGAIN', delayMs })));
  });
});
