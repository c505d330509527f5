import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readOnnx } from '../graph/model.js';

const fixtures = new URL('../../../models/test/fixtures/onnx/', import.meta.url);

it.each(['lenet-one', 'vit-free'])('keeps the weights of %s in the bytes of its file, when these are given', (name) => {
  const file = readFileSync(new URL(`${name}.onnx`, fixtures));
  // Every place that bytes can have.
  for (const offset of [0, 1, 2, 3]) {
    const given = new Uint8Array(file.length + offset).subarray(offset);
    given.set(file);
    const own = readOnnx(given, { isOwned: true });
    const copied = readOnnx(file);
    for (const [weight, { type, data }] of own.initializers) {
      expect(data, weight).toEqual(copied.initializers.get(weight)!.data);
      if (type === 'float32' && data.length >= 32) expect(data.buffer, weight).toBe(given.buffer);
    }
  }
});

it('leaves bytes that are not given as they are', () => {
  const file = new Uint8Array(readFileSync(new URL('vit-free.onnx', fixtures)));
  const before = file.slice();
  readOnnx(file);
  expect(file).toEqual(before);
});
