import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { define, offTape, type Call } from '../run/operators.js';
import { broadcastTo } from '../run/order.js';
import { deviceValue, dimsOf, type Value } from '../run/value.js';

// Recurrent layers, step by step. States are [batch, hidden], weights [gates * hidden, ...] of one direction.

type Function = (x: Tensor) => Tensor;

/** Activations by their names in small letters; `a` and `b` where a node gives none. */
const functions: Readonly<Record<string, { make: (a: number, b: number) => Function; defaults?: number[] }>> = {
  relu: { make: () => tf.relu },
  tanh: { make: () => tf.tanh },
  sigmoid: { make: () => tf.sigmoid },
  softsign: { make: () => (x) => tf.div(x, tf.add(1, tf.abs(x))) },
  softplus: { make: () => tf.softplus },
  affine: { make: (a, b) => (x) => tf.add(tf.mul(x, a), b), defaults: [1, 0] },
  leakyrelu: { make: (a) => (x) => tf.leakyRelu(x, a), defaults: [0.01] },
  thresholdedrelu: {
    make: (a) => (x) =>
      tf.mul(
        x,
        offTape(() => tf.cast(tf.greater(x, a), 'float32')),
      ),
    defaults: [1],
  },
  scaledtanh: { make: (a, b) => (x) => tf.mul(tf.tanh(tf.mul(x, b)), a), defaults: [1, 1] },
  hardsigmoid: { make: (a, b) => (x) => tf.clipByValue(tf.add(tf.mul(x, a), b), 0, 1), defaults: [0.2, 0.5] },
  elu: {
    make: (a) => (x) => tf.add(tf.relu(x), tf.mul(a, tf.expm1(tf.neg(tf.relu(tf.neg(x)))))),
    defaults: [1],
  },
};

/** The activations of every direction; alphas and betas are given to those that have them, in order. */
function activationsOf(call: Call, usual: readonly string[], directions: number): Function[][] {
  const names = texts(call, 'activations') ?? Array.from({ length: directions }, () => usual).flat();
  const [alphas, betas] = [[...(call.list('activation_alpha') ?? [])], [...(call.list('activation_beta') ?? [])]];
  const made = names.map((name) => {
    const found = functions[name.toLowerCase()];
    if (!found) return call.unsupported(`the activation ${name}`);
    const { make, defaults = [] } = found;
    return make(
      defaults.length > 0 ? (alphas.shift() ?? defaults[0]!) : 0,
      defaults.length > 1 ? (betas.shift() ?? defaults[1]!) : 0,
    );
  });
  const limit = call.number('clip', 0);
  const clipped =
    limit > 0
      ? made.map(
          (f): Function =>
            (x) =>
              f(tf.clipByValue(x, -limit, limit)),
        )
      : made;
  return Array.from({ length: directions }, (_, i) => clipped.slice(i * usual.length, (i + 1) * usual.length));
}

function texts(call: Call, name: string): readonly string[] | undefined {
  const found = call.attribute(name);
  return found?.kind === 'texts' ? found.value : undefined;
}

/** One direction of a layer. */
interface Cell {
  readonly hidden: number;
  readonly activations: readonly Function[];
  /** The recurrent weights, [gates * hidden, hidden]. */
  readonly recurrent: tf.Tensor2D;
  /** Biases of the input and of the state, [gates * hidden] each, or undefined. */
  readonly biases: readonly [Tensor, Tensor] | undefined;
  /** Weights by which an LSTM looks at its cell, [3 * hidden]. */
  readonly peepholes: Tensor | undefined;
}

/** From what the inputs give at one step, [batch, gates * hidden], and the states to the next states. */
type Step = (call: Call, cell: Cell, given: Tensor, states: readonly Tensor[]) => Tensor[];

/** A gate's columns. */
function gate(x: Tensor, index: number, hidden: number): Tensor {
  return tf.slice(x, [...Array<number>(x.rank - 1).fill(0), index * hidden], [...x.shape.slice(0, -1), hidden]);
}

function product(state: Tensor, weights: Tensor): Tensor {
  return tf.matMul(state as tf.Tensor2D, weights as tf.Tensor2D, false, true);
}

/** Defines a layer; `usual` are its activations, `states` is how many it has. */
function layer(name: string, usual: readonly string[], states: number, step: Step): void {
  define(name, (call) => {
    const isBatchFirst = call.number('layout', 0) === 1;
    const x = isBatchFirst ? tf.transpose(call.tensor(0), [1, 0, 2]) : call.tensor(0);
    const [length, batch, inputs] = x.shape as [number, number, number];
    const direction = call.text('direction', 'forward');
    const directions = dimsOf(call.input(1))[0]!;
    const hidden = dimsOf(call.input(2))[2]!;
    const activations = activationsOf(call, usual, directions);
    const found = Array.from({ length: directions }, (_, d) => {
      const one = (index: number): Tensor => partOf(call, index, d);
      const weights = one(1);
      const size = weights.shape[0]!;
      const cell: Cell = {
        hidden,
        activations: activations[d]!,
        recurrent: one(2) as tf.Tensor2D,
        biases: call.has(3) ? [tf.slice(one(3), 0, size), tf.slice(one(3), size, size)] : undefined,
        peepholes: states > 1 && call.has(7) ? one(7) : undefined,
      };
      const all = tf.reshape(product(tf.reshape(x, [length * batch, inputs]), weights), [length, batch, size]);
      const given = tf.unstack(all);
      const start = Array.from({ length: states }, (_, i) => startOf(call, 5 + i, d, batch, hidden, isBatchFirst));
      return steps(call, cell, step, given, start, direction === 'reverse' || d === 1);
    });
    const type = call.input(0).type;
    // [length, directions, batch, hidden], or batch, length, directions, hidden.
    const everywhere = tf.stack(
      found.map(({ outputs }) => tf.stack(outputs, isBatchFirst ? 1 : 0)),
      isBatchFirst ? 2 : 1,
    );
    const last = (index: number): Value =>
      deviceValue(
        type,
        tf.stack(
          found.map(({ final }) => final[index]!),
          isBatchFirst ? 1 : 0,
        ),
      );
    return [deviceValue(type, everywhere), ...Array.from({ length: states }, (_, i) => last(i))];
  });
}

/** What one direction has of an input; of weights made once. */
function partOf(call: Call, index: number, direction: number): Tensor {
  const make = (): Tensor => {
    const all = call.tensor(index);
    return tf.reshape(
      tf.slice(all, [direction, ...Array<number>(all.rank - 1).fill(0)], [1, ...all.shape.slice(1)]),
      all.shape.slice(1),
    );
  };
  return call.input(index).isConstant ? call.kept.get(call.node, `${index} of direction ${direction}`, make) : make();
}

/** A state to begin with; one for all where the file has its batch of 1 written into it. */
function startOf(
  call: Call,
  index: number,
  direction: number,
  batch: number,
  hidden: number,
  isBatchFirst: boolean,
): Tensor {
  if (!call.has(index)) return tf.zeros([batch, hidden]);
  const all = call.tensor(index);
  const rows = all.shape[isBatchFirst ? 0 : 1]!;
  const own = isBatchFirst
    ? tf.slice(all, [0, direction, 0], [rows, 1, hidden])
    : tf.slice(all, [direction, 0, 0], [1, rows, hidden]);
  const state = tf.reshape(own, [rows, hidden]);
  return rows === 1 && call.batch.repeatsOnes ? broadcastTo(state, [batch, hidden]) : state;
}

function steps(
  call: Call,
  cell: Cell,
  step: Step,
  given: readonly Tensor[],
  start: readonly Tensor[],
  isReverse: boolean,
): { outputs: Tensor[]; final: readonly Tensor[] } {
  const lengths = call.has(4) ? call.tensor(4) : undefined;
  const outputs: Tensor[] = [];
  let states = start;
  for (let i = 0; i < given.length; i++) {
    const at = isReverse ? given.length - 1 - i : i;
    const next = step(call, cell, given[at]!, states);
    if (!lengths) {
      states = next;
      outputs[at] = next[0]!;
      continue;
    }
    // Behind the end of a sequence its states stay, and its outputs are zero.
    const isIn = offTape(() => tf.cast(tf.greater(tf.reshape(lengths, [-1, 1]), at), 'float32'));
    states = next.map((state, s) => tf.add(states[s]!, tf.mul(isIn, tf.sub(state, states[s]!))));
    outputs[at] = tf.mul(next[0]!, isIn);
  }
  return { outputs, final: states };
}

/** The sum of what the gates get from the inputs, the state and both biases. */
function gatesOf({ recurrent, biases }: Cell, given: Tensor, state: Tensor): Tensor {
  const sum = tf.add(given, product(state, recurrent));
  return biases ? tf.add(sum, tf.add(biases[0], biases[1])) : sum;
}

layer('RNN', ['Tanh'], 1, (_call, cell, given, [state]) => [cell.activations[0]!(gatesOf(cell, given, state!))]);

layer('GRU', ['Sigmoid', 'Tanh'], 1, (call, cell, given, [state]) => {
  const { hidden, recurrent, biases } = cell;
  const [f, g] = cell.activations as [Function, Function];
  const own = biases ? tf.add(given, biases[0]) : given;
  const part = (x: Tensor, index: number, count = 1): Tensor =>
    tf.slice(
      x,
      x.rank === 1 ? index * hidden : [index * hidden, 0],
      x.rank === 1 ? count * hidden : [count * hidden, x.shape[1]!],
    );
  const gated = (index: number): Tensor => {
    const sum = tf.add(gate(own, index, hidden), product(state!, part(recurrent, index)));
    return f(biases ? tf.add(sum, part(biases[1], index)) : sum);
  };
  const [update, reset] = [gated(0), gated(1)];
  const isLate = call.number('linear_before_reset', 0) !== 0;
  const seen = product(isLate ? state! : tf.mul(reset, state!), part(recurrent, 2));
  const biased = biases ? tf.add(seen, part(biases[1], 2)) : seen;
  const candidate = g(tf.add(gate(own, 2, hidden), isLate ? tf.mul(reset, biased) : biased));
  return [tf.add(candidate, tf.mul(update, tf.sub(state!, candidate)))];
});

layer('LSTM', ['Sigmoid', 'Tanh', 'Tanh'], 2, (call, cell, given, [state, memory]) => {
  const { hidden, peepholes } = cell;
  const [f, g, h] = cell.activations as [Function, Function, Function];
  const all = gatesOf(cell, given, state!);
  const seeing = (index: number, peephole: number, at: Tensor): Tensor => {
    const own = gate(all, index, hidden);
    return f(peepholes ? tf.add(own, tf.mul(gate(peepholes, peephole, hidden), at)) : own);
  };
  const input = seeing(0, 0, memory!);
  // The second gate is that of the output, whose peephole is the second as well.
  const forget = call.number('input_forget', 0) === 0 ? seeing(2, 2, memory!) : tf.sub(1, input);
  const next = tf.add(tf.mul(forget, memory!), tf.mul(input, g(gate(all, 3, hidden))));
  return [tf.mul(seeing(1, 1, next), h(next)), next];
});

define('ReverseSequence', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const [time, batch] = [call.number('time_axis', 0), call.number('batch_axis', 1)];
  const rest = dims.map((_, axis) => axis).filter((axis) => axis !== time && axis !== batch);
  const [examples, length] = [dims[batch]!, dims[time]!];
  const rows = tf.reshape(call.tensorOf(x, [batch, time, ...rest]), [examples * length, -1]);
  const lengths = call.tensor(1);
  const places = offTape(() => {
    const [at, ends] = [tf.range(0, length, 1, 'int32'), tf.reshape(tf.cast(lengths, 'int32'), [examples, 1])];
    const turned = tf.sub(tf.sub(ends, 1), at);
    const own = tf.where(tf.greaterEqual(turned, 0), turned, tf.tile(tf.reshape(at, [1, length]), [examples, 1]));
    const starts = tf.reshape(tf.range(0, examples * length, length), [examples, 1]);
    return tf.cast(tf.reshape(tf.add(own, starts), [-1]), 'int32');
  });
  const found = tf.reshape(tf.gather(rows, places as tf.Tensor1D), [
    examples,
    length,
    ...rest.map((axis) => dims[axis]!),
  ]);
  return deviceValue(x.type, found, [batch, time, ...rest]);
});
