import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronProblem, dueOf, isTimeZone, nextTime, nextTimes, type Timing } from './timing.ts';

const START = new Date('2020-01-01T00:00:00Z');
const cron = (expression: string, timeZone: string): Timing => ({
  timing: 'CRON',
  cron: expression,
  timeZone,
  everyMs: null,
  startsAt: START,
});
const interval = (everyMs: number, startsAt = START): Timing => ({
  timing: 'INTERVAL',
  cron: null,
  timeZone: 'UTC',
  everyMs,
  startsAt,
});
const times = (timing: Timing, after: string, count: number) =>
  nextTimes(timing, new Date(after), count).map((time) => time.toISOString().slice(0, 16));

describe('the times of a schedule', () => {
  it.each([
    [
      'every day, at the same time of day on both sides of a change',
      cron('0 9 * * *', 'Europe/Berlin'),
      '2027-03-26T12:00Z',
      ['2027-03-27T08:00', '2027-03-28T07:00', '2027-03-29T07:00'],
    ],
    [
      'a time that the clock leaves out: at the moment that it is put forward',
      cron('30 2 * * *', 'Europe/Berlin'),
      '2027-03-27T12:00Z',
      ['2027-03-28T01:00', '2027-03-29T00:30'],
    ],
    [
      'the same in New York',
      cron('15 2 * * *', 'America/New_York'),
      '2027-03-13T12:00Z',
      ['2027-03-14T07:00', '2027-03-15T06:15'],
    ],
    [
      'a time that comes twice: once',
      cron('30 2 * * *', 'Europe/Berlin'),
      '2027-10-30T12:00Z',
      ['2027-10-31T00:30', '2027-11-01T01:30'],
    ],
    [
      'every hour, also within the one that comes twice',
      cron('0 * * * *', 'Europe/Berlin'),
      '2027-10-30T23:30Z',
      ['2027-10-31T00:00', '2027-10-31T01:00', '2027-10-31T02:00'],
    ],
    [
      'every hour, past the one that is left out',
      cron('0 * * * *', 'Europe/Berlin'),
      '2027-03-27T23:30Z',
      ['2027-03-28T00:00', '2027-03-28T01:00', '2027-03-28T02:00'],
    ],
    [
      'where clocks change by half an hour',
      cron('15 2 * * *', 'Australia/Lord_Howe'),
      '2027-10-02T00:00Z',
      ['2027-10-02T15:30', '2027-10-03T15:15'],
    ],
    [
      'the last day of February',
      cron('0 0 29 2 *', 'UTC'),
      '2027-01-01T00:00Z',
      ['2028-02-29T00:00', '2032-02-29T00:00'],
    ],
    [
      'an interval, counted from its start',
      interval(90 * 60_000),
      '2027-01-01T00:10Z',
      ['2027-01-01T01:30', '2027-01-01T03:00'],
    ],
    [
      'an interval that has not begun',
      interval(60_000, new Date('2027-05-01T10:00Z')),
      '2027-01-01T00:00Z',
      ['2027-05-01T10:00', '2027-05-01T10:01'],
    ],
    [
      'once',
      { ...interval(0, new Date('2027-05-01T10:00Z')), timing: 'ONCE' },
      '2027-01-01T00:00Z',
      ['2027-05-01T10:00'],
    ],
    ['once, long ago', { ...interval(0), timing: 'ONCE' }, '2027-01-01T00:00Z', []],
  ] as [string, Timing, string, string[]][])('%s', (_name, timing, after, expected) => {
    expect(times(timing, after, expected.length || 1)).toEqual(expected);
  });

  it('always go forward, and none is left out between two of them', () => {
    const timing = fc.oneof(
      fc
        .constantFrom('*/7 * * * *', '0 3 * * 1-5', '30 1 1 * *', '5 0-6 * * *')
        .chain((expression) =>
          fc
            .constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC')
            .map((zone) => cron(expression, zone)),
        ),
      fc.integer({ min: 1_000, max: 86_400_000 }).map((every) => interval(every)),
    );
    const moment = fc.date({ min: new Date('2026-01-01'), max: new Date('2029-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(timing, moment, (each, after) => {
        const next = nextTime(each, after);
        if (!next) throw new Error('It has no end.');
        expect(next.getTime()).toBeGreaterThan(after.getTime());
        const between = new Date((after.getTime() + next.getTime()) / 2);
        if (between.getTime() < next.getTime()) expect(nextTime(each, between)).toEqual(next);
      }),
    );
  });

  it('are refused where they cannot be read, or never come', () => {
    expect(cronProblem('*/5 * * * *')).toBeNull();
    for (const bad of ['', 'x', '61 * * * *', '* * * * * *', '0 0 30 2 *'])
      expect(cronProblem(bad), bad).not.toBeNull();
    expect(['Europe/Berlin', 'UTC', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});

describe('times that have come', () => {
  const now = new Date('2027-01-01T10:00Z');
  const at = (text: string) => new Date(`2027-01-01T${text}Z`);
  const missed = [at('07:00'), at('08:00'), at('09:00')];
  it.each([
    ['one in time', [at('09:59:30')], 'SKIP', { run: [at('09:59:30')], skipped: 0 }],
    ['missed ones, skipped', missed, 'SKIP', { run: [], skipped: 3 }],
    ['missed ones, met once', missed, 'RUN_ONCE', { run: [at('09:00')], skipped: 2 }],
    ['missed ones and one in time, met once', [...missed, now], 'RUN_ONCE', { run: [now], skipped: 3 }],
    ['missed ones, all met', missed, 'RUN_ALL', { run: missed, skipped: 0 }],
  ] as const)('%s', (_name, times, policy, expected) => {
    expect(dueOf(times, now, policy)).toEqual(expected);
  });
});
