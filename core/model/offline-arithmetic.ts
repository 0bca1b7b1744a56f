const EXPRESSION = /[-(]?\s*\d[\d\s.,()+\-*/×÷x^%]*[+\-*/×÷x^%][\d\s.,()+\-*/×÷x^%]*\d\s*\)*/i;

/** The first piece of arithmetic in a text, in plain signs: `what is 2 × (3 + 4)?` gives `2 * (3 + 4)`. */
export function findExpression(text: string): string | undefined {
  // 2026-11-22 and 22/11/2026 are dates, 10.0.0.1 is an address: no sums.
  if (/\d+-\d+-\d+|\d+\/\d+\/\d+|\d+\.\d+\.\d+/.test(text)) return undefined;
  const found = EXPRESSION.exec(text)?.[0];
  if (found === undefined) return undefined;
  const plain = found.replace(/×|x/gi, '*').replaceAll('÷', '/').replaceAll(',', '').trim();
  return calculate(plain) === undefined ? undefined : plain;
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
