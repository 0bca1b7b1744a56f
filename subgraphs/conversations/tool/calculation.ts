import { Decimal as BaseDecimal } from 'decimal.js';
import jsep from 'jsep';

/** An expression that has no value here; the message says why. */
export class CalculationError extends Error {
  override readonly name = 'CalculationError';
}

/** The digits that are kept, and how large and small a number can become: beyond that it is refused, not worked out. */
const Decimal = BaseDecimal.clone({ precision: 64, maxE: 10_000, minE: -10_000 });
type Decimal = InstanceType<typeof Decimal>;

/** Of a number that is not whole. */
const SHOWN_DIGITS = 34;

const MAX_FACTORIAL = 1_000;

// The parser's own operators are those of JavaScript.
jsep.removeAllUnaryOps();
jsep.removeAllBinaryOps();
jsep.addUnaryOp('-');
jsep.addUnaryOp('+');
jsep.addBinaryOp('+', 9);
jsep.addBinaryOp('-', 9);
jsep.addBinaryOp('*', 10);
jsep.addBinaryOp('/', 10);
jsep.addBinaryOp('%', 10);
jsep.addBinaryOp('^', 11, true);
jsep.addBinaryOp('**', 11, true);

/**
 * Works out an arithmetic expression. It is read by a parser and its tree is walked here: nothing of it is run, and only
 * the operators, functions and constants below mean anything.
 * @returns the value in digits; whole numbers in full, others with 34 digits.
 * @throws CalculationError
 */
export function calculate(expression: string): string {
  const value = evaluate(parse(expression));
  if (value.isNaN()) throw new CalculationError('It has no value among the real numbers.');
  if (!value.isFinite()) throw new CalculationError('It divides by zero, or is too large to be written out.');
  return value.isInteger() && value.e < Decimal.precision
    ? value.toFixed()
    : value.toSignificantDigits(SHOWN_DIGITS).toString();
}

/** Marks parentheses, since the tree does not tell `(-2)^2` from `-2^2`. */
const GROUP = 'group';

function parse(expression: string): jsep.Expression {
  try {
    return jsep(expression.replace(/(?<![\w)]\s*)\(/g, `${GROUP}(`));
  } catch (error) {
    throw new CalculationError(`It cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

function evaluate(node: jsep.Expression): Decimal {
  const core = node as jsep.CoreExpression;
  switch (core.type) {
    case 'Literal':
      return literal(core);
    case 'Identifier':
      return constant(core.name);
    case 'UnaryExpression':
      return core.operator === '-' ? evaluate(core.argument).negated() : evaluate(core.argument);
    case 'BinaryExpression':
      return binary(core);
    case 'CallExpression':
      return call(core);
    case 'Compound':
    case 'SequenceExpression':
      throw new CalculationError('It must be one expression, with numbers written without separators and units.');
    default:
      throw new CalculationError('It must be made of numbers, operators, functions and constants.');
  }
}

/** By its digits as they are written: as a number of JavaScript it would be another already. */
function literal({ value, raw }: jsep.Literal): Decimal {
  if (typeof value !== 'number') throw new CalculationError(`${raw} is no number.`);
  return new Decimal(raw);
}

const CONSTANTS: ReadonlyMap<string, Decimal> = new Map([
  ['pi', Decimal.acos(-1)],
  ['e', Decimal.exp(1)],
]);

function constant(name: string): Decimal {
  const value = CONSTANTS.get(name.toLowerCase());
  if (!value) throw new CalculationError(`There is no constant ${name}.`);
  return value;
}

function binary({ operator, left, right }: jsep.BinaryExpression): Decimal {
  const isPower = operator === '^' || operator === '**';
  // -2^2 is -(2^2), though the parser lets a sign bind first.
  if (isPower && left.type === 'UnaryExpression') {
    const { operator: sign, argument } = left as jsep.UnaryExpression;
    const power = binary({ type: 'BinaryExpression', operator, left: argument, right });
    return sign === '-' ? power.negated() : power;
  }
  const [a, b] = [evaluate(left), evaluate(right)];
  if (isPower) return a.pow(b);
  switch (operator) {
    case '+':
      return a.plus(b);
    case '-':
      return a.minus(b);
    case '*':
      return a.times(b);
    case '/':
      return a.dividedBy(b);
    default:
      return a.modulo(b);
  }
}

type Work = (...args: Decimal[]) => Decimal;

/** What can be called, with the least and the most arguments that it takes. */
const FUNCTIONS: ReadonlyMap<string, [least: number, most: number, work: Work]> = new Map<
  string,
  [number, number, Work]
>([
  [GROUP, [1, 1, (x) => one(x)]],
  ['abs', [1, 1, (x) => one(x).abs()]],
  ['sqrt', [1, 1, (x) => one(x).sqrt()]],
  ['cbrt', [1, 1, (x) => one(x).cbrt()]],
  ['exp', [1, 1, (x) => one(x).exp()]],
  ['ln', [1, 1, (x) => one(x).ln()]],
  ['log10', [1, 1, (x) => one(x).log(10)]],
  ['log2', [1, 1, (x) => one(x).log(2)]],
  ['sin', [1, 1, (x) => one(x).sin()]],
  ['cos', [1, 1, (x) => one(x).cos()]],
  ['tan', [1, 1, (x) => one(x).tan()]],
  ['asin', [1, 1, (x) => one(x).asin()]],
  ['acos', [1, 1, (x) => one(x).acos()]],
  ['atan', [1, 1, (x) => one(x).atan()]],
  ['floor', [1, 1, (x) => one(x).floor()]],
  ['ceil', [1, 1, (x) => one(x).ceil()]],
  ['trunc', [1, 1, (x) => one(x).trunc()]],
  ['round', [1, 2, (x, digits) => round(one(x), digits)]],
  ['min', [1, 100, (...all) => Decimal.min(...all)]],
  ['max', [1, 100, (...all) => Decimal.max(...all)]],
  ['sum', [1, 100, (...all) => Decimal.sum(...all)]],
  ['factorial', [1, 1, (x) => factorial(one(x))]],
]);

/** The angles of trigonometry beyond which its digits would all be noise. */
const MAX_ANGLE = new Decimal('1e20');
const ANGULAR = new Set(['sin', 'cos', 'tan']);

function call({ callee, arguments: args }: jsep.CallExpression): Decimal {
  const name = callee.type === 'Identifier' ? String(callee.name).toLowerCase() : '';
  const found = FUNCTIONS.get(name);
  if (!found) throw new CalculationError(name ? `There is no function ${name}.` : 'Write * to multiply.');
  const [least, most, work] = found;
  if (args.length < least || args.length > most) {
    throw new CalculationError(`${name} takes ${least === most ? least : `${least} to ${most}`} numbers.`);
  }
  const values = args.map(evaluate);
  if (ANGULAR.has(name) && values.some((value) => value.abs().gt(MAX_ANGLE))) {
    throw new CalculationError(`The angle of ${name} is too large.`);
  }
  return work(...values);
}

/** That it is there was seen to. */
const one = (x: Decimal | undefined): Decimal => x ?? new Decimal(Number.NaN);

function round(x: Decimal, digits: Decimal = new Decimal(0)): Decimal {
  if (!digits.isInteger() || digits.isNegative() || digits.gt(60)) {
    throw new CalculationError('round takes 0 to 60 digits.');
  }
  return x.toDecimalPlaces(digits.toNumber(), BaseDecimal.ROUND_HALF_UP);
}

function factorial(x: Decimal): Decimal {
  if (!x.isInteger() || x.isNegative() || x.gt(MAX_FACTORIAL)) {
    throw new CalculationError(`factorial takes a whole number from 0 to ${MAX_FACTORIAL}.`);
  }
  let product = new Decimal(1);
  for (let factor = 2; factor <= x.toNumber(); factor++) product = product.times(factor);
  return product;
}
