import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { denseNet } from '../../test/nets.js';
import { readVnnlib, writeVnnlib } from './property.js';
import { resultText, verifyProperty } from './verify.js';

const declared =
  '(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n';
const box = '(assert (>= X_0 0)) (assert (<= X_0 1))\n(assert (>= X_1 -0.5)) (assert (<= X_1 .5e0))\n';

describe('a property', () => {
  it('is boxes, and rows that hold there together', () => {
    const { cases, ...counts } = readVnnlib(
      `; a comment (with a list)\n${declared}${box}(assert (or (and (<= Y_0 Y_1) (>= Y_1 2)) (and (<= (+ (* 2 Y_0) (- Y_1) 1) 3))))`,
    );
    expect(counts).toEqual({ inputs: 2, outputs: 2 });
    expect(cases.map(({ low, high }) => [[...low], [...high]])).toEqual([
      [
        [0, -0.5],
        [1, 0.5],
      ],
      [
        [0, -0.5],
        [1, 0.5],
      ],
    ]);
    expect(cases.map(({ rows }) => rows.map(({ coefficients, limit }) => [...coefficients, limit]))).toEqual([
      [
        [1, -1, 0],
        [0, -1, -2],
      ],
      [[2, -1, 2]],
    ]);
  });

  it('may have several boxes, and asserts that are multiplied out', () => {
    const or = (left: string, right: string) => `(assert (or (and ${left}) (and ${right})))`;
    const text = `${declared}${or('(>= X_0 0) (<= X_0 1)', '(>= X_0 2) (<= X_0 3)')}(assert (and (>= X_1 0) (<= X_1 1)))${or('(<= Y_0 0)', '(<= Y_1 0)')}`;
    const { cases } = readVnnlib(text);
    expect(cases.map(({ low, rows }) => [low[0], [...rows[0]!.coefficients].indexOf(1)])).toEqual([
      [0, 0],
      [0, 1],
      [2, 0],
      [2, 1],
    ]);
    // A box without a point is none.
    expect(readVnnlib(`${text}(assert (<= X_0 1.5))`).cases.length).toBe(2);
  });

  it.each([
    ['(assert (<= X_0 1)', /line 7: a '\(' that/],
    ['(assert (<= X_0 1)))', /line 7: a '\)'/],
    ['(assert (= Y_0 1))', /line 7: '=' is not read/],
    ['(assert (<= Y_2 1))', /line 7: 'Y_2' is no declared/],
    ['(assert (<= (* Y_0 Y_1) 1))', /line 7: a product/],
    ['(assert (<= (+ X_0 X_1) 1))', /line 7: an inequality of several inputs/],
    ['(assert (<= (+ X_0 Y_1) 1))', /line 7: an inequality of several inputs/],
    ['(assert (<= Y_0 1e999))', /line 7: '1e999'/],
    ['(assert (<= (* 0.1 Y_0) 1))', /line 7: 0.1 is no number of float32/],
    ['(declare-const Z_0 Real)', /line 7: expected a declaration/],
    ['(declare-const X_3 Real) (assert (<= Y_0 1))', /X_2 is not declared/],
    ['(declare-const X_0 Real)', /line 7: X_0 is declared twice/],
    ['(maximize Y_0)', /line 7: 'maximize' is not read/],
    ['', /says nothing of the outputs/],
  ])('is refused with its line: %s', (more, message) => {
    expect(() => readVnnlib(`${declared}${box}${more}`)).toThrow(message);
  });

  it('needs both bounds of every input', () => {
    expect(() => readVnnlib(`${declared}(assert (<= X_0 1)) (assert (<= Y_0 1))`)).toThrow(/X_0 has no lower bound/);
  });

  it('is read or refused, whatever the file', () => {
    const words = fc.constantFrom(
      '(',
      ')',
      'assert',
      'or',
      'and',
      '<=',
      '>=',
      'X_0',
      'Y_0',
      '1',
      '-',
      '+',
      '*',
      ';',
      '\n',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 60 }), (tokens) => {
        try {
          readVnnlib(`${declared}${box}${tokens.join(' ')}`);
        } catch (error) {
          expect(String(error)).toMatch(/ADVROB_VNNLIB/);
        }
      }),
      { numRuns: 300 },
    );
    expect(() => readVnnlib('('.repeat(100_000))).toThrow(/lists inside/);
  });

  it('that was written is what is read', () => {
    const text = writeVnnlib([0.25, 1e-9], { label: 1, classes: 3, epsilon: 0.5, bounds: [0, 1] });
    const { cases } = readVnnlib(text);
    expect(cases.length).toBe(2);
    expect([...cases[0]!.low, ...cases[0]!.high]).toEqual([0, 0, 0.75, 0.5 + 1e-9]);
    expect(cases.map(({ rows }) => [...rows[0]!.coefficients].map((each) => each + 0))).toEqual([
      [-1, 1, 0],
      [0, 1, -1],
    ]);
  });
});

describe('verification', () => {
  /** y_0 = |x_0 - x_1|, y_1 = 0.3: above 0.3 near two corners alone. */
  const layers = [
    {
      w: [
        [1, -1],
        [-1, 1],
      ],
      b: [0, 0],
    },
    {
      w: [
        [1, 1],
        [0, 0],
      ],
      b: [0, 0.3],
    },
  ];
  const property = (side: number, row: string) =>
    readVnnlib(
      `${declared}(assert (>= X_0 0)) (assert (<= X_0 ${side})) (assert (>= X_1 0)) (assert (<= X_1 ${side})) (assert ${row})`,
    );
  it('says unsat, and sat with a point that is unsafe', async () => {
    const model = await denseNet(layers);
    const before = tf.memory().numTensors;
    expect(await verifyProperty(model, property(0.25, '(>= Y_0 Y_1)'))).toEqual({ result: 'unsat' });
    const found = await verifyProperty(model, property(0.5, '(and (>= Y_0 Y_1) (<= Y_1 0.5))'));
    expect(tf.memory().numTensors).toBe(before);
    if (found.result !== 'sat') throw new Error(found.result);
    expect(Math.abs(found.x[0]! - found.x[1]!)).toBeGreaterThanOrEqual(0.3 - 1e-6);
    expect(resultText(found)).toMatch(
      /^sat\n\(\(X_0 [\d.e-]+\)\n\(X_1 [\d.e-]+\)\n\(Y_0 [\d.e-]+\)\n\(Y_1 [\d.e-]+\)\)\n$/,
    );
    // Both at once are impossible, though each is possible.
    expect(await verifyProperty(model, property(0.5, '(and (>= Y_0 0.45) (<= Y_0 0.4))'))).toEqual({ result: 'unsat' });
  });
  it('ends when its time does', async () => {
    const model = await denseNet(layers);
    expect(await verifyProperty(model, property(0.25, '(>= Y_0 Y_1)'), { seconds: 0 })).toEqual({ result: 'timeout' });
  });
  it('refuses a property of another model', async () => {
    const model = await denseNet(layers);
    const other = readVnnlib(`${declared}(declare-const Y_2 Real)${box}(assert (<= Y_0 1))`);
    await expect(verifyProperty(model, other)).rejects.toThrow(/3 outputs, the model 2 and 2/);
  });
});
