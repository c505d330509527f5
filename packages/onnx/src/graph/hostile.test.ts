import { AdvrobError } from '@advrob/core';
import { surviveMutations } from '@advrob/core/testing';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { OnnxError } from '../errors.js';
import { readOnnx } from './model.js';

const fixtures = new URL('../../../models/test/fixtures/onnx/', import.meta.url);
const samples = ['lenet-one', 'vit-free', 'upsampled-one'].map((name) =>
  readFileSync(new URL(`${name}.onnx`, fixtures)),
);

/** As the other parsers, whose errors are of core. */
function parse(bytes: Uint8Array): unknown {
  try {
    return readOnnx(bytes);
  } catch (error) {
    if (error instanceof OnnxError) throw new AdvrobError(error.code, error.message);
    throw error;
  }
}

it('survives 20,000 damaged files', () => {
  const { accepted, refused } = surviveMutations({
    samples,
    parse,
    seed: 1,
    count: 20_000,
    allocated: () => process.memoryUsage().arrayBuffers,
  });
  expect(accepted).toBeGreaterThan(0);
  expect(Object.keys(refused).sort()).toEqual(['ADVROB_ONNX_FILE', 'ADVROB_ONNX_OPERATOR']);
}, 120_000);

/** A field of protobuf with a length in front. */
function field(number: number, content: Uint8Array | readonly number[]): number[] {
  return [number * 8 + 2, ...varint(content.length), ...content];
}
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
const text = (value: string): number[] => [...new TextEncoder().encode(value)];

it.each([
  ['a length of 2^60', [0x3a, ...varint(2 ** 52), 1]],
  [
    'a tensor that announces 2^40 values',
    field(7, field(5, [...[8, ...varint(2 ** 40)], 16, 1, ...field(8, text('w'))])),
  ],
  ['a negative side', field(7, field(5, [8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 16, 1]))],
  [
    'two values of one name',
    field(7, [
      ...field(5, [16, 1, 0x25, 0, 0, 0, 0, ...field(8, text('w'))]),
      ...field(5, [16, 1, 0x25, 0, 0, 0, 0, ...field(8, text('w'))]),
    ]),
  ],
  [
    'a node that comes before its input',
    field(7, field(1, [...field(1, text('x')), ...field(2, text('y')), ...field(4, text('Relu'))])),
  ],
  ['no graph', [8, 7]],
])('refuses %s', (_, bytes) => {
  expect(() => readOnnx(Uint8Array.from(bytes))).toThrow(OnnxError);
});

it('refuses graphs in graphs without end', () => {
  let graph: number[] = [];
  for (let depth = 0; depth < 200; depth++) graph = field(1, field(5, field(6, graph)));
  expect(() => readOnnx(Uint8Array.from(field(7, graph)))).toThrow(/deep in each other/);
});
