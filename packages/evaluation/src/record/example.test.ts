import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ascent, step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';
import { evaluate } from '../evaluate/evaluate.js';
import { exampleRecord, parseExamples, readExamples, serializeExamples } from './example.js';

let lines: string;

beforeAll(async () => {
  await tf.setBackend('cpu');
  const model = planeModel();
  const { examples } = await evaluate({
    model,
    data: pointsAtGaps([0.02, 0.11, -0.05, 0.3]),
    attacks: [
      { attack: step(), norm: 'linf', epsilon: [0.1, 0.2] },
      { attack: ascent(), norm: 'l2', epsilon: 0.1 },
    ],
  });
  model.dispose();
  lines = examples.map((example) => `${JSON.stringify(example)}\n`).join('');
});

describe('examples.jsonl', () => {
  it('survives the way through a file, with the documented keys first', () => {
    const examples = parseExamples(lines);
    expect(examples).toHaveLength(4);
    expect(Object.keys(examples[0]!).slice(0, 9).join(', ')).toBe(
      'index, label, cleanPrediction, cleanCorrect, robust, success, fooledBy, distance, queries',
    );
    for (const example of examples) expect(exampleRecord.parse(example)).toEqual(example);
  });

  it('is written in pieces, since one text has no room for a million lines', () => {
    const examples = parseExamples(lines);
    let made = 0;
    function* many() {
      for (; made < 2500; made++) yield { ...examples[0]!, index: made };
    }
    const pieces = serializeExamples(many());
    const first = new TextDecoder().decode(pieces.next().value as Uint8Array);
    // Not read further than was asked for.
    expect(made).toBeLessThan(1100);
    const rest = [...pieces].map((piece) => new TextDecoder().decode(piece));
    expect(parseExamples(first + rest.join('')).map(({ index }) => index)).toEqual([...Array(2500).keys()]);
    expect([...serializeExamples([])].reduce((sum, { length }) => sum + length, 0)).toBe(0);
  });

  it('is read in pieces of any length, no further than is asked for, out of a buffer that is filled again', () => {
    const bytes = new TextEncoder().encode(lines.replace('"clean"', '"\u00e9\u20ac"'));
    const expected = parseExamples(new TextDecoder().decode(bytes));
    for (const size of [1, 7, 300, 10_000]) {
      let given = 0;
      const buffer = new Uint8Array(size);
      const pieces = function* () {
        for (; given < bytes.length;) {
          const piece = bytes.subarray(given, given + size);
          buffer.set(piece);
          given += piece.length;
          yield buffer.subarray(0, piece.length);
          buffer.fill(0);
        }
      };
      const read = readExamples(pieces());
      expect(read.next().value).toEqual(expected[0]);
      if (size < 10_000) expect(given).toBeLessThan(bytes.length);
      expect([...read]).toEqual(expected.slice(1));
    }
  });

  it('refuses a line that never ends before it fills the memory', () => {
    let given = 0;
    const endless = function* () {
      for (const piece = new Uint8Array(1 << 20).fill(32); ; given++) yield piece;
    };
    expect(() => readExamples(endless()).next()).toThrow(/line 1 of the examples.*ADVROB_RECORD|ADVROB_RECORD.*line 1/);
    expect(given).toBeLessThan(20);
  });

  it('names the line that is wrong', () => {
    expect(() => parseExamples(`${lines}{"index": 1}\n`)).toThrow(/line 5.*/);
    expect(() => parseExamples('nonsense')).toThrow('ADVROB_RECORD');
    expect(parseExamples('')).toEqual([]);
  });
});
