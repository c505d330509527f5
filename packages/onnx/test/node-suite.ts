import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { decodeTensor } from '../src/format/decode.js';
import { readTensor, type HostTensor } from '../src/format/tensor-data.js';
import { createOnnxGraph, OnnxError, readOnnx } from '../src/index.js';
import { isFloat } from '../src/format/element-types.js';
import { hostValue, upload } from '../src/run/value.js';

/** Where Debian's package `libonnx-testdata` puts the suite of the standard. */
export const suiteFolder = '/usr/share/libonnx-testdata/data';

export interface NodeCase {
  readonly name: string;
  readonly folder: string;
}

/** The cases of a part of the suite, in order. */
export function casesOf(part: string, base = suiteFolder): NodeCase[] {
  const folder = join(base, part);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .filter((name) => existsSync(join(folder, name, 'model.onnx')))
    .map((name) => ({ name, folder: join(folder, name) }));
}

/** What became of a case: `pass`, or in a few words why not. */
export async function outcomeOf({ folder }: NodeCase): Promise<string> {
  const before = tf.memory().numTensors;
  try {
    const graph = createOnnxGraph(readOnnx(readFileSync(join(folder, 'model.onnx'))));
    try {
      for (const set of readdirSync(folder).filter((name) => name.startsWith('test_data_set'))) {
        const inputs = tensorsOf(join(folder, set), 'input');
        const wanted = tensorsOf(join(folder, set), 'output');
        const feeds = Object.fromEntries(
          graph.model.inputs.map(({ name }, i) => [name, inputs[i]!] as const).filter(([, value]) => value),
        );
        const difference = await differenceOf(graph, feeds, wanted);
        if (difference) return difference;
      }
    } finally {
      graph.dispose();
    }
    const left = tf.memory().numTensors - before;
    return left === 0 ? 'pass' : `${left} tensors are left`;
  } catch (error) {
    if (error instanceof OnnxError) return error.message;
    throw error;
  }
}

async function differenceOf(
  graph: ReturnType<typeof createOnnxGraph>,
  feeds: Readonly<Record<string, HostTensor>>,
  wanted: readonly HostTensor[],
): Promise<string | undefined> {
  const found = tf.tidy(() =>
    graph.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, each]) => [
          name,
          isKnownBefore(name, each) ? each : upload(hostValue(each.type, each.dims, each.data)),
        ]),
      ),
    ),
  );
  try {
    for (const [i, { dims, data, type }] of wanted.entries()) {
      const tensor = found[i]!;
      if (tensor.shape.join() !== dims.join())
        return `differs: shape [${tensor.shape.join()}] instead of [${dims.join()}]`;
      const values = await tensor.data();
      const loose = type === 'float16' || type === 'bfloat16' ? 5 : 1;
      for (let at = 0; at < data.length; at++) {
        const [a, b] = [values[at]!, data[at]!];
        if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
        if (Math.abs(a - b) <= loose * (1e-5 + 1e-3 * Math.abs(b))) continue;
        return `differs: ${a} instead of ${b} at ${at} of output ${i}`;
      }
    }
    return undefined;
  } finally {
    tf.dispose(found);
  }
}

/** Whole numbers, scales and single values, which models have as constants, are given on the host. */
export function isKnownBefore(name: string, { type, data, dims }: HostTensor): boolean {
  return !isFloat(type) || /^(scales|roi)$/.test(name) || data.length === 0 || dims.length === 0;
}

export function tensorsOf(folder: string, kind: string): HostTensor[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}_`))
    .sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)))
    .map((name) => readTensor(decodeTensor(readFileSync(join(folder, name)))));
}
