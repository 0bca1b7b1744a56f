/** What a sum may be written with. One class and no nesting: the time to find it grows with the text and no faster. */
const RUN = /[\d\s.,()+\-*/×÷x^%]{3,}/gi;
/** Longer ones are no questions, and brackets nest no deeper than this. */
const LONGEST_RUN = 200;
/** 2026-11-22 and 22/11/2026 are dates, 10.0.0.1 is an address: no sums. */
const NO_SUM = /\d{1,4}([-/.])\d{1,4}\1\d{1,4}/;

/** The first piece of arithmetic in a text, in plain signs: `what is 2 × (3 + 4)?` gives `2 * (3 + 4)`. */
export function findExpression(text: string): string | undefined {
  for (const run of text.match(RUN) ?? []) {
    if (run.length > LONGEST_RUN || NO_SUM.test(run)) continue;
    const plain = run
      .replace(/^[^\d(-]+|[^\d)]+$/g, '')
      .replace(/×|x/gi, '*')
      .replaceAll('÷', '/')
      .replaceAll(',', '');
    const hasOperator = /[-+*/%^]/.test(plain.slice(1));
    if (hasOperator && calculate(plain) !== undefined) return plain;
  }
  return undefined;
}

/** The value of `+ - * / % ^` and brackets with the usual precedence; undefined where the text is no expression. */
export function calculate(expression: string): number | undefined {
  const signs = expression.match(/\d+(?:\.\d+)?|[-+*/%^()]|\S/g) ?? [];
  let at = 0;

  const primary = (): number => {
    const sign = signs[at++];
    if (sign === '-') return -power();
    if (sign === '(') {
      const value = sum();
      return signs[at++] === ')' ? value : Number.NaN;
    }
    return sign !== undefined && /^\d/.test(sign) ? Number(sign) : Number.NaN;
  };
  const power = (): number => {
    const base = primary();
    if (signs[at] !== '^') return base;
    at += 1;
    return base ** power();
  };
  const product = (): number => {
    let value = power();
    for (let sign = signs[at]; sign === '*' || sign === '/' || sign === '%'; sign = signs[at]) {
      at += 1;
      const right = power();
      value = sign === '*' ? value * right : sign === '/' ? value / right : value % right;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    for (let sign = signs[at]; sign === '+' || sign === '-'; sign = signs[at]) {
      at += 1;
      const right = product();
      value = sign === '+' ? value + right : value - right;
    }
    return value;
  };

  const value = sum();
  return at === signs.length && Number.isFinite(value) ? value : undefined;
}
