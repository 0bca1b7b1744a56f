import { describe, expect, it } from 'vitest';
import { type AfterFailure, afterFailure, type FailureFacts } from './next-step.ts';
import { taskPolicySchema } from './task-policy.ts';

const AGENT = '019aa000-0000-7000-8000-000000000001';
const BACKOFF = { kind: 'FIXED', delayMs: 100, jitter: 0 };
const decide = (policy: object, facts: Partial<FailureFacts> = {}): AfterFailure =>
  afterFailure({
    error: { code: 'HTTP_503', message: 'Busy.', retryable: true },
    failures: 1,
    policy: taskPolicySchema.parse({ attempts: 3, backoff: BACKOFF, ...policy }),
    recovered: false,
    leftMs: null,
    retryAfterMs: null,
    random: 0,
    ...facts,
  });
const FINAL = { code: 'HTTP_404', message: 'Gone.', retryable: false };

describe('what follows a failed attempt', () => {
  it.each([
    ['another one', decide({}), { kind: 'RETRY', delayMs: 100 }],
    ['not before the outside allows it', decide({}, { retryAfterMs: 900 }), { kind: 'RETRY', delayMs: 900 }],
    ['none once they are used up', decide({}, { failures: 3 }), { kind: 'DEAD' }],
    ['none where it would not help', decide({}, { error: FINAL }), { kind: 'DEAD' }],
    [
      'one all the same where the policy names the code',
      decide({ retryOn: ['HTTP_404'] }, { error: FINAL }),
      { kind: 'RETRY', delayMs: 100 },
    ],
    ['none where the policy names others', decide({ retryOn: ['TIMED_OUT'] }), { kind: 'DEAD' }],
    ['none that would begin behind the end', decide({}, { leftMs: 100 }), { kind: 'DEAD' }],
    [
      'the default value',
      decide({ onFailure: 'DEFAULT_VALUE', defaultValue: 7 }, { error: FINAL }),
      { kind: 'DEFAULT_VALUE', value: 7 },
    ],
    [
      'another agent',
      decide({ onFailure: 'FALLBACK', fallbackAgentId: AGENT }, { failures: 3 }),
      { kind: 'FALLBACK', agentId: AGENT },
    ],
    [
      'no third agent',
      decide({ onFailure: 'FALLBACK', fallbackAgentId: AGENT }, { failures: 3, recovered: true }),
      { kind: 'DEAD' },
    ],
  ] as [string, AfterFailure, AfterFailure][])('%s', (_name, step, expected) => {
    expect(step).toEqual(expected);
  });
});
