import { type AST, RegExpParser } from '@eslint-community/regexpp';

/** A regular expression that is not one, or wants what cannot be found in a text that streams. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** What to do at one place of a pattern. */
export type State =
  | { kind: 'READ'; accepts(code: number): boolean; next: number }
  | { kind: 'EITHER'; next: number[] }
  /** What has to stand around here: the characters before and behind, null where the text begins or ends. */
  | { kind: 'ASSERT'; holds(before: number | null, following: number | null): boolean; next: number }
  | { kind: 'FITS' };

export interface Program {
  states: readonly State[];
  start: number;
}

const MAX_STATES = 500;

/** How a regular expression of JavaScript (with the flag `u`) is gone through one character after the other. @throws PatternError */
export function patternProgram(pattern: string): Program {
  let tree: AST.Pattern;
  try {
    tree = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(pattern, 0, pattern.length, { unicode: true });
  } catch (error) {
    throw new PatternError((error as Error).message.replace(/^Invalid regular expression: /, ''));
  }
  const compiler = new Compiler();
  return { states: compiler.states, start: compiler.either(tree.alternatives, compiler.add({ kind: 'FITS' })) };
}

/** Builds a program from its end. */
class Compiler {
  readonly states: State[] = [];

  add(state: State): number {
    if (this.states.length === MAX_STATES) throw new PatternError('It is too long, or repeats something too often');
    return this.states.push(state) - 1;
  }

  either(alternatives: readonly AST.Alternative[], next: number): number {
    const ways = alternatives.map(({ elements }) => elements.reduceRight((to, each) => this.element(each, to), next));
    return ways.length === 1 ? (ways[0] as number) : this.add({ kind: 'EITHER', next: ways });
  }

  private element(node: AST.Element, next: number): number {
    switch (node.type) {
      case 'Character': {
        const { value } = node;
        return this.add({ kind: 'READ', accepts: (code) => code === value, next });
      }
      case 'CharacterSet':
      case 'CharacterClass':
        return this.add({ kind: 'READ', accepts: acceptsOf(node.raw), next });
      case 'CapturingGroup':
        return this.either(node.alternatives, next);
      case 'Group':
        if (node.modifiers) throw new PatternError('It must not change flags');
        return this.either(node.alternatives, next);
      case 'Quantifier':
        return this.repeat(node, next);
      case 'Assertion':
        return this.add({ kind: 'ASSERT', holds: holdsOf(node), next });
      default:
        throw new PatternError(`It must not refer to what was found before, as ${node.raw} does`);
    }
  }

  private repeat({ element, min, max }: AST.Quantifier, next: number): number {
    let to = next;
    if (max === Number.POSITIVE_INFINITY) {
      const again: State & { kind: 'EITHER' } = { kind: 'EITHER', next: [] };
      to = this.add(again);
      again.next = [this.element(element, to), next];
    } else {
      for (let count = min; count < max; count += 1) {
        to = this.add({ kind: 'EITHER', next: [this.element(element, to), next] });
      }
    }
    for (let count = 0; count < min; count += 1) to = this.element(element, to);
    return to;
  }
}

function acceptsOf(raw: string): (code: number) => boolean {
  const expression = new RegExp(`^${raw}$`, 'u');
  const accepts = (code: number) => expression.test(String.fromCodePoint(code));
  const ascii = Array.from({ length: 128 }, (_, code) => accepts(code));
  return (code) => ascii[code] ?? accepts(code);
}

function holdsOf(node: AST.Assertion): (before: number | null, following: number | null) => boolean {
  switch (node.kind) {
    case 'start':
      return (before) => before === null;
    case 'end':
      return (_, following) => following === null;
    case 'word':
      return (before, following) => (isInWord(before) !== isInWord(following)) !== node.negate;
    default:
      throw new PatternError(`It must not look ahead or back, as ${node.raw} does`);
  }
}

const isInWord = (code: number | null) => code !== null && code < 128 && /\w/.test(String.fromCharCode(code));
