import { readExpressions, refuse, type Expression } from './expressions.js';

/** What a file calls unsafe: some of its cases, each a box of inputs and rows that all hold there. */
export interface Property {
  readonly inputs: number;
  readonly outputs: number;
  readonly cases: readonly Case[];
}

export interface Case {
  /** Ends of each input, [inputs]. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** `coefficients` . Y <= `limit`, [outputs]. */
  readonly rows: readonly { readonly coefficients: Float64Array; readonly limit: number }[];
}

/** One inequality: sum of coefficients times variables <= limit. */
interface Inequality {
  readonly line: number;
  readonly terms: ReadonlyMap<string, number>;
  readonly limit: number;
}

/** Cases after `or` is multiplied out, and words of a file. */
const [mostCases, mostTerms] = [100_000, 10_000_000];

/**
 * Reads a property in VNN-LIB as the competition of verifiers has them: `declare-const` of inputs
 * X_i and outputs Y_j, and `assert` of `<=`, `>=`, `and`, `or` over variables, numbers and sums of
 * them. Asserts hold together, so that every `or` is multiplied out. `<` is read as `<=`, which makes
 * what is unsafe larger.
 *
 * @throws AdvrobError `ADVROB_VNNLIB` with the line of whatever is not understood: a property is
 *   never read in part.
 */
export function readVnnlib(text: string): Property {
  const declared = new Map<string, number>();
  let cases: Inequality[][] = [[]];
  for (const expression of readExpressions(text)) {
    const { line } = expression;
    const [head, ...rest] = listOf(expression, 'a list');
    const name = head && 'word' in head ? head.word : '';
    if (name === 'declare-const' || name === 'declare-fun') declare(declared, line, name, rest);
    else if (name === 'assert') {
      if (rest.length !== 1) refuse(line, 'expected one thing to assert');
      cases = multiplied(line, [cases, alternatives(rest[0]!, declared)]);
    } else if (name !== 'set-logic' && name !== 'check-sat') refuse(line, `'${name}' is not read`);
  }
  const [inputs, outputs] = ['X', 'Y'].map((letter) => countOf(declared, letter)) as [number, number];
  const boxes = cases.map((each) => caseOf(each, inputs, outputs)).filter((each) => each !== undefined);
  return { inputs, outputs, cases: boxes };
}

function listOf(expression: Expression, what: string): readonly Expression[] {
  return 'list' in expression ? expression.list : refuse(expression.line, `expected ${what}, got '${expression.word}'`);
}

function declare(declared: Map<string, number>, line: number, how: string, rest: readonly Expression[]): void {
  const [variable, ...types] = rest;
  const type = types.at(-1);
  const isPlain = how === 'declare-const' ? types.length === 1 : types.length === 2;
  const isReal = type && 'word' in type && type.word === 'Real';
  if (!variable || !('word' in variable) || !/^[XY]_\d+$/.test(variable.word) || !isPlain || !isReal)
    return refuse(line, 'expected a declaration of X_i or Y_j as Real');
  if (declared.has(variable.word)) refuse(line, `${variable.word} is declared twice`);
  declared.set(variable.word, line);
}

/** X_0 to X_n without a gap. */
function countOf(declared: ReadonlyMap<string, number>, letter: string): number {
  const all = [...declared].filter(([name]) => name.startsWith(letter));
  if (all.length === 0) refuse(1, `no ${letter}_0 is declared`);
  for (let i = 0; i < all.length; i++)
    if (!declared.has(`${letter}_${i}`)) refuse(all.at(-1)![1], `${letter}_${i} is not declared`);
  return all.length;
}

/** All combinations of one alternative of each. */
function multiplied(line: number, all: readonly Inequality[][][]): Inequality[][] {
  return all.reduce((made, next) => {
    const count = made.length * next.length;
    const terms = made.length * size(next) + next.length * size(made);
    if (count > mostCases || terms > mostTerms)
      refuse(line, `more than ${mostCases} cases once 'or' is multiplied out`);
    if (made.length === 1 && next.length === 1) return [append(made[0]!, next[0]!)];
    return made.flatMap((before) => next.map((after) => [...before, ...after]));
  });
}

const size = (cases: readonly Inequality[][]): number => cases.reduce((sum, each) => sum + each.length, 0);

/** In place, since a file asserts thousands of bounds one by one. */
function append(before: Inequality[], after: readonly Inequality[]): Inequality[] {
  for (const each of after) before.push(each);
  return before;
}

/** What is asserted, as alternatives of inequalities that hold together. */
function alternatives(expression: Expression, declared: ReadonlyMap<string, number>): Inequality[][] {
  const { line } = expression;
  const [head, ...rest] = listOf(expression, 'an inequality');
  const name = head && 'word' in head ? head.word : '';
  if (name === 'and') return multiplied(line, [[[]], ...rest.map((each) => alternatives(each, declared))]);
  if (name === 'or') {
    if (rest.length === 0) refuse(line, "an 'or' of nothing");
    return rest.flatMap((each) => alternatives(each, declared));
  }
  if (!['<=', '>=', '<', '>'].includes(name)) return refuse(line, `'${name}' is not read`);
  if (rest.length !== 2) return refuse(line, `'${name}' of ${rest.length} things`);
  const [left, right] = rest.map((each) => linear(each, declared)) as [Linear, Linear];
  const [small, large] = name.startsWith('<') ? [left, right] : [right, left];
  const difference = combined(small, large, -1);
  return [[{ line, terms: difference.terms, limit: 0 - difference.constant }]];
}

interface Linear {
  readonly terms: ReadonlyMap<string, number>;
  readonly constant: number;
}

function combined(a: Linear, b: Linear, times: number): Linear {
  const terms = new Map(a.terms);
  for (const [name, value] of b.terms) {
    const sum = (terms.get(name) ?? 0) + times * value;
    if (sum === 0) terms.delete(name);
    else terms.set(name, sum);
  }
  return { terms, constant: a.constant + times * b.constant };
}

function linear(expression: Expression, declared: ReadonlyMap<string, number>): Linear {
  const { line } = expression;
  if ('word' in expression) {
    const { word } = expression;
    if (declared.has(word)) return { terms: new Map([[word, 1]]), constant: 0 };
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) && Number.isFinite(Number(word)))
      return { terms: new Map(), constant: Number(word) };
    return refuse(line, `'${word}' is no declared variable and no number`);
  }
  const [head, ...rest] = expression.list;
  const name = head && 'word' in head ? head.word : '';
  const values = rest.map((each) => linear(each, declared));
  const [first, ...others] = values;
  if (!first) return refuse(line, `'${name}' of nothing`);
  if (name === '+') return others.reduce((sum, each) => combined(sum, each, 1), first);
  if (name === '-') {
    if (others.length === 0) return combined({ terms: new Map(), constant: 0 }, first, -1);
    return others.reduce((sum, each) => combined(sum, each, -1), first);
  }
  if (name !== '*') return refuse(line, `'${name}' is not read`);
  return others.reduce((product, each) => {
    const [factor, other] = product.terms.size === 0 ? [product, each] : [each, product];
    if (factor.terms.size > 0) return refuse(line, 'a product of two variables');
    return combined({ terms: new Map(), constant: 0 }, other, factor.constant);
  }, first);
}

/** A case; undefined for one that no input is in. */
function caseOf(inequalities: readonly Inequality[], inputs: number, outputs: number): Case | undefined {
  const low = new Float64Array(inputs).fill(-Infinity);
  const high = new Float64Array(inputs).fill(Infinity);
  const rows: { coefficients: Float64Array; limit: number }[] = [];
  for (const { line, terms, limit } of inequalities) {
    const names = [...terms];
    if (names.length === 0) {
      if (limit < 0) return undefined;
    } else if (names.every(([name]) => name.startsWith('Y'))) {
      const coefficients = new Float64Array(outputs);
      for (const [name, value] of names) {
        if (Math.fround(value) !== value) refuse(line, `${value} is no number of float32`);
        coefficients[Number(name.slice(2))] = value;
      }
      rows.push({ coefficients, limit });
    } else {
      const [[name, value], ...more] = names as [[string, number], ...[string, number][]];
      if (more.length > 0) refuse(line, 'an inequality of several inputs: only bounds of single ones are read');
      // Zero has one sign.
      const [i, end] = [Number(name.slice(2)), limit / value + 0];
      if (value > 0) high[i] = Math.min(high[i]!, end);
      else low[i] = Math.max(low[i]!, end);
    }
  }
  const line = inequalities[0]?.line ?? 1;
  for (let i = 0; i < inputs; i++) {
    if (low[i] === -Infinity || high[i] === Infinity)
      refuse(line, `X_${i} has no ${low[i] === -Infinity ? 'lower' : 'upper'} bound`);
    if (low[i]! > high[i]!) return undefined;
  }
  if (rows.length === 0) refuse(line, 'a case that says nothing of the outputs');
  return { low, high, rows };
}

/**
 * Writes as a property what breaks a label: an input within `epsilon` of x in Linf, and within the
 * bounds, for which another class is at least as large.
 *
 * @param x One example, in the order of the file's input.
 */
export function writeVnnlib(
  x: ArrayLike<number>,
  {
    label,
    classes,
    epsilon,
    bounds,
  }: {
    readonly label: number;
    readonly classes: number;
    readonly epsilon: number;
    readonly bounds: readonly [number, number];
  },
): string {
  const lines = [`; label ${label} within linf ${epsilon}, cut with [${bounds.join(', ')}]`];
  for (let i = 0; i < x.length; i++) lines.push(`(declare-const X_${i} Real)`);
  for (let k = 0; k < classes; k++) lines.push(`(declare-const Y_${k} Real)`);
  for (let i = 0; i < x.length; i++) {
    lines.push(`(assert (>= X_${i} ${plain(Math.max(bounds[0], x[i]! - epsilon))}))`);
    lines.push(`(assert (<= X_${i} ${plain(Math.min(bounds[1], x[i]! + epsilon))}))`);
  }
  lines.push('(assert (or');
  for (let k = 0; k < classes; k++) if (k !== label) lines.push(`  (and (>= Y_${k} Y_${label}))`);
  lines.push('))');
  return `${lines.join('\n')}\n`;
}

/** As the format has numbers: without exponents that some readers do not know. */
function plain(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(20) : text;
}
