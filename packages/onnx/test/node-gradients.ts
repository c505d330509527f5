import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFloat } from '../src/format/element-types.js';
import { createOnnxGraph, OnnxError, readOnnx, type OnnxGraph } from '../src/index.js';
import { hostValue, upload } from '../src/run/value.js';
import { isKnownBefore, tensorsOf, type NodeCase } from './node-suite.js';

/** Distances of the points of a difference: between kinks the small ones tell, over rounding the large. */
const distances = [4e-3, 1e-3, 1.6e-2, 2e-4, 6.4e-2];
const tolerance = 0.02;

/**
 * What the tape says along a random direction of all float inputs, against central differences of a
 * random sum of the outputs; inputs are first moved off kinks and ties. `none` without a float on
 * the way, `outside` where a moved input leaves the domain of a function.
 */
export async function gradientOutcome({ folder }: NodeCase): Promise<string> {
  let graph: OnnxGraph | undefined;
  try {
    graph = createOnnxGraph(readOnnx(readFileSync(join(folder, 'model.onnx'))));
    const inputs = tensorsOf(join(folder, 'test_data_set_0'), 'input');
    const fed = graph.model.inputs.flatMap((port, i) => (inputs[i] ? [{ name: port.name, value: inputs[i] }] : []));
    const moving = fed.filter(({ name, value }) => isFloat(value.type) && !isKnownBefore(name, value));
    if (moving.length === 0) return 'none';
    const still = Object.fromEntries(
      fed.filter((each) => !moving.includes(each)).map(({ name, value }) => [name, value]),
    );
    const start = moving.map(({ value }, i) =>
      tf.tidy(() => {
        const x = upload(hostValue(value.type, value.dims, value.data));
        return tf.add(x, tf.mul(tf.randomNormal(x.shape, 0, 1, 'float32', 7 + i), 0.05));
      }),
    );
    try {
      return await compared(
        graph,
        moving.map(({ name }) => name),
        still,
        start,
      );
    } finally {
      tf.dispose(start);
    }
  } catch (error) {
    if (error instanceof OnnxError) return 'refused';
    return `throws: ${(error as Error).message}`;
  } finally {
    graph?.dispose();
  }
}

async function compared(
  graph: OnnxGraph,
  names: readonly string[],
  still: Parameters<OnnxGraph['run']>[0],
  start: readonly Tensor[],
): Promise<string> {
  const score = (...at: Tensor[]): tf.Scalar =>
    tf.tidy(() => {
      const found = graph.run({ ...still, ...Object.fromEntries(names.map((name, i) => [name, at[i]!])) });
      const floats = found.filter((each) => each.dtype === 'float32' && each.size > 0);
      const sums = floats.map((each, i) =>
        tf.sum(tf.mul(each, tf.randomUniform(each.shape, 0.5, 1.5, 'float32', 90 + i))),
      );
      // Every input is on the way, so that those without an effect have the gradient 0.
      return tf.addN([...sums, ...at.map((each) => tf.mul(tf.sum(tf.mul(each, 0)), 0))]) as tf.Scalar;
    });
  const directions = start.map((each, i) =>
    tf.tidy(() => tf.sign(tf.randomNormal(each.shape, 0, 1, 'float32', 50 + i))),
  );
  const numberOf = async (make: () => Tensor): Promise<number> => {
    const tensor = tf.tidy(make);
    const [value] = await tensor.data();
    tensor.dispose();
    return value!;
  };
  try {
    const slope = await numberOf(() => {
      const gradients = tf.grads(score)([...start]);
      return tf.addN(gradients.map((each, i) => tf.sum(tf.mul(each, directions[i]!))));
    });
    const size = Math.abs(await numberOf(() => score(...start)));
    let said = '';
    for (const distance of distances) {
      const at = (by: number) =>
        numberOf(() => score(...start.map((each, i) => tf.add(each, tf.mul(directions[i]!, by)))));
      const quotient = ((await at(distance)) - (await at(-distance))) / (2 * distance);
      const noise = (1e-6 * size + 1e-6) / distance;
      if (Math.abs(quotient - slope) <= tolerance * Math.max(Math.abs(slope), Math.abs(quotient)) + noise)
        return 'agrees';
      said += ` ${quotient.toPrecision(3)}`;
    }
    return Number.isNaN(size) ? 'outside' : `slope ${slope.toPrecision(3)}, differences${said}`;
  } finally {
    tf.dispose(directions);
  }
}
