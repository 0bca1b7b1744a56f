import { type Tool, ToolError } from '#core/tool/tool.port';
import { CalculationError, calculate } from './calculation.ts';

/** Works out arithmetic, in exact decimals. */
export const calculator: Tool = {
  name: 'calculator',
  title: 'Calculator',
  description:
    'Works out an arithmetic expression exactly. Use it for any arithmetic. Operators: + - * / % (remainder) ^ (power). ' +
    'Functions: abs, sqrt, cbrt, exp, ln, log10, log2, sin, cos, tan, asin, acos, atan (radians), floor, ceil, trunc, ' +
    'round(x, digits), min, max, sum, factorial. Constants: pi, e. Write numbers without thousands separators and units.',
  parameters: {
    type: 'object',
    properties: {
      expression: { type: 'string', minLength: 1, maxLength: 500, description: 'Such as (19.99 * 3) * 1.19' },
    },
    required: ['expression'],
    additionalProperties: false,
  },
  effect: 'NONE',
  timeoutMs: 1_000,
  maxResultCharacters: 1_000,
  async run({ expression }) {
    try {
      return { result: calculate(String(expression)) };
    } catch (error) {
      if (error instanceof CalculationError) throw new ToolError('BAD_EXPRESSION', error.message);
      throw error;
    }
  },
};
