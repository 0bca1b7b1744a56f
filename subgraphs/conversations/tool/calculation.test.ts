import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalculationError, calculate } from './calculation.ts';

describe('an expression', () => {
  it.each([
    ['1 + 1', '2'],
    ['0.1 + 0.2', '0.3'],
    ['19.99 * 3 * 1.19', '71.3643'],
    ['2 + 3 * 4', '14'],
    ['(2 + 3) * 4', '20'],
    ['2 ^ 3 ^ 2', '512'],
    ['2 ** 10', '1024'],
    ['-2 ^ 2', '-4'],
    ['(-2) ^ 2', '4'],
    ['- -2', '2'],
    ['--2 ^ 2', '4'],
    ['2 ^ -1', '0.5'],
    ['2 ^ -2 ^ 2', '0.0625'],
    ['10 % 3', '1'],
    ['-10 % 3', '-1'],
    ['1 / 3', '0.3333333333333333333333333333333333'],
    ['1 / 3 * 3', '1'],
    ['.5 + 1e3', '1000.5'],
    ['9007199254740993 + 0', '9007199254740993'],
    ['123456789012345678901234567890 * 10', '1234567890123456789012345678900'],
    ['sqrt(2) * sqrt (2)', '2'],
    ['2 ^ 0.5', '1.414213562373095048801688724209698'],
    ['cbrt(27) + abs(-3)', '6'],
    ['round(2.345, 2) + round(2.5) + round(-2.5)', '2.35'],
    ['floor(-1.5) + ceil(1.2) + trunc(1.9)', '1'],
    ['min(3, 1, 2) + max(3, 1, 2) + sum(1, 2, 3)', '10'],
    ['factorial(20)', '2432902008176640000'],
    ['factorial(0)', '1'],
    ['ln(exp(2))', '2'],
    ['log10(1000) + log2(8)', '6'],
    ['sin(pi / 6)', '0.5'],
    ['PI', '3.141592653589793238462643383279503'],
    ['((((1))))', '1'],
    ['1e-300 * 1e300', '1'],
  ])('%s = %s', (expression, value) => {
    expect(calculate(expression)).toBe(value);
  });

  it.each([
    ['', 'It must be'],
    ['1 / 0', 'divides by zero'],
    ['0 / 0', 'no value'],
    ['sqrt(-1)', 'no value'],
    ['ln(0)', 'divides by zero, or'],
    ['9 ^ 9 ^ 9', 'too large'],
    ['9 ^ 9 ^ 9 ^ 9', 'too large'],
    ['1e99999', 'too large'],
    ['exp(exp(exp(10)))', 'too large'],
    ['factorial(1001)', 'factorial takes'],
    ['factorial(1e9)', 'factorial takes'],
    ['factorial(-1)', 'factorial takes'],
    ['factorial(1.5)', 'factorial takes'],
    ['sin(1e300)', 'too large'],
    ['round(1, 1e9)', 'round takes'],
    ['1,000 + 1', 'without separators'],
    ['5 km', 'without separators'],
    ['2(3)', 'It must be'],
    ['1 +', 'cannot be read'],
    ['(1', 'cannot be read'],
    ['x + 1', 'no constant x'],
    ['constructor', 'no constant'],
    ['__proto__', 'no constant'],
    ['this', 'It must be'],
    ['toString()', 'no function'],
    ['constructor("return 1")', 'no function'],
    ['sqrt.constructor("return process")()', 'Write *'],
    ['[1][0]', 'It must be'],
    ['{}', 'cannot be read'],
    ['"a" + "b"', 'is no number'],
    ['true', 'is no number'],
    ['1 == 1', 'cannot be read'],
    ['1 ? 2 : 3', 'It must be'],
    ['a = 1', 'cannot be read'],
    ['sqrt()', 'sqrt takes 1'],
    ['sqrt(1, 2)', 'sqrt takes 1'],
    ['round(1, 2, 3)', 'round takes 1 to 2'],
  ])('%j has no value: %s', (expression, reason) => {
    expect(() => calculate(expression)).toThrow(CalculationError);
    expect(() => calculate(expression)).toThrow(reason);
  });

  it('of whatever characters has a value or none, and nothing else', () => {
    const part = fc.constantFrom(
      '1',
      '2.5',
      '1e9',
      '+',
      '-',
      '*',
      '/',
      '^',
      '%',
      '(',
      ')',
      ',',
      ' ',
      'sqrt',
      'pi',
      'x',
      '.',
      '[',
      '"',
      '`',
      '$',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        try {
          expect(calculate(parts.join(''))).toMatch(/^-?\d/);
        } catch (error) {
          expect(error).toBeInstanceOf(CalculationError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of whole numbers is as exact as theirs', () => {
    const whole = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        expect(calculate(`(${a}) * (${b})`)).toBe(String(a * b));
        expect(calculate(`(${a}) - (${b})`)).toBe(String(a - b));
      }),
    );
  });
});
