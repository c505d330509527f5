import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import { inOrder, sizeOf } from '../run/value.js';
import { kernels } from './kernels.js';
import { encodeParts, type Constant, type ModelParts } from './model.js';
import { Tracer } from './tracer.js';

export interface ExportOptions {
  /** Shape of one example, without the batch. */
  readonly inputShape: readonly number[];
  /** For images [h, w, c]: where channels lie in the file's input. Default `NCHW`. */
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
  /** Names of the input and the output. Default `input` and `output`. */
  readonly names?: { readonly input?: string; readonly output?: string } | undefined;
  /** Names for weights, by what a tensor is. Default numbers. */
  readonly nameOf?: ((weight: Tensor) => string | undefined) | undefined;
  /** Where the function now is, such as a layer's name, for messages. */
  readonly place?: (() => string | undefined) | undefined;
  /** What the file says of itself. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * Writes a function of tfjs as an ONNX file (opset 17) that takes any batch: it runs twice, and its
 * kernels become nodes. What does not depend on the input becomes a weight, with its value at this
 * moment.
 *
 * @param f From a batch of examples [n, ...inputShape] to one tensor [n, ...].
 * @throws OnnxError `ADVROB_ONNX_OPERATOR` naming the kernel without an equivalent and its place,
 *   `ADVROB_ONNX_DYNAMIC` where the batch is written into the function.
 * @example
 * ```ts
 * const bytes = exportOnnx((x) => tf.softmax(tf.matMul(x, w)), { inputShape: [4] });
 * ```
 */
export function exportOnnx(f: (x: Tensor) => Tensor, options: ExportOptions): Uint8Array {
  const [two, three] = [traced(f, 2, options), traced(f, 3, options)];
  return encodeParts(anyBatch(two, three));
}

/** One call of a kernel of tfjs. */
export interface RanKernel {
  /** As tfjs names it, such as `Conv2D`. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly attributes: any;
  readonly output: Tensor | readonly Tensor[];
}

type Engine = Pick<ReturnType<typeof tf.engine>, 'runKernel'>;

/**
 * Runs a function, and hands over each kernel that it calls; what `look` calls is not looked at.
 * tfjs has no hook for this: the engine's entry for kernels is replaced while the function runs.
 */
export function watchKernels<T>(body: () => T, look: (ran: RanKernel) => void): T {
  const engine = tf.engine() as Engine;
  const { runKernel } = engine;
  const isOwn = Object.hasOwn(engine, 'runKernel');
  let isInside = false;
  engine.runKernel = ((name: string, inputs: tf.NamedTensorMap, attributes?: tf.NamedAttrMap) => {
    if (isInside) return runKernel.call(engine, name, inputs, attributes as tf.NamedAttrMap);
    isInside = true;
    try {
      const output = runKernel.call(engine, name, inputs, attributes as tf.NamedAttrMap) as Tensor | Tensor[];
      look({ name, inputs, attributes: attributes ?? {}, output });
      return output;
    } finally {
      isInside = false;
    }
  }) as typeof runKernel;
  try {
    return body();
  } finally {
    if (isOwn) engine.runKernel = runKernel;
    else delete (engine as Partial<Engine>).runKernel;
  }
}

function traced(f: (x: Tensor) => Tensor, batch: number, options: ExportOptions): ModelParts {
  const { inputShape, layout = 'NCHW', names, nameOf = () => undefined, place, metadata = {} } = options;
  const tracer = new Tracer(nameOf);
  const input = names?.input ?? 'input';
  const order = inputShape.length === 3 && layout === 'NCHW' ? [0, 3, 1, 2] : inOrder(inputShape.length + 1);
  const look = ({ name, inputs, attributes, output }: RanKernel): void => {
    const given = Object.values(inputs).filter((each) => each !== undefined && each !== null);
    if (!given.some((each) => tracer.valueOf(each))) return;
    const at = place?.();
    const lower = kernels.get(name);
    const what = `the kernel ${name}${at === undefined ? '' : ` of ${at}`}`;
    if (!lower || Array.isArray(output)) tracer.refuse(what);
    else lower(tracer, { inputs, attributes, output: output as Tensor });
  };
  let parts: ModelParts | undefined;
  tf.tidy(() => {
    // Spread over the values that are likely, so that no branch of the function sees zeros alone.
    const x = tf.randomUniform([batch, ...inputShape], 0.25, 0.75, 'float32', 1);
    tracer.set(x, input, order);
    watchKernels(() => {
      const y = f(x);
      if (!tracer.valueOf(y)) throw new OnnxError('ADVROB_ONNX_OPERATOR', 'its output does not depend on its input');
      const last = tracer.arranged(y);
      parts = {
        nodes: [
          ...tracer.nodes,
          { operator: 'Identity', inputs: [last], output: names?.output ?? 'output', attributes: {} },
        ],
        constants: tracer.constants,
        input: { name: input, dims: ['batch', ...order.slice(1).map((axis) => x.shape[axis]!)] },
        output: { name: names?.output ?? 'output', dims: ['batch', ...y.shape.slice(1)] },
        metadata,
      };
    }, look);
  });
  return parts!;
}

/** The graph for any batch, from those for 2 and 3 examples. */
function anyBatch(two: ModelParts, three: ModelParts): ModelParts {
  const told = ({ nodes, constants, output }: ModelParts): string =>
    JSON.stringify([nodes, constants.map(({ name, type }) => [name, type]), output]);
  if (told(two) !== told(three)) refuse('it computes other things for other batches');
  const targets = new Set(two.nodes.filter(({ operator }) => operator === 'Reshape').map(({ inputs }) => inputs[1]));
  return {
    ...two,
    constants: two.constants.map((each, i) => free(each, three.constants[i]!, targets.has(each.name))),
  };
}

function refuse(why: string): never {
  throw new OnnxError('ADVROB_ONNX_DYNAMIC', `the function cannot be written for any batch: ${why}`);
}

/** A constant for any batch: a side of a reshape that follows it is -1, rows that are all the same are one. */
function free(two: Constant, three: Constant, isTarget: boolean): Constant {
  const isSame = two.dims.join() === three.dims.join();
  if (isSame && isEqual(two.data, three.data)) return two;
  if (isTarget && isSame) {
    const [from, to] = [Array.from(two.data), Array.from(three.data)];
    const isBatch = from.every((side, i) => side === to[i] || side * 3 === to[i]! * 2);
    const sides = from.map((side, i) => (side === to[i] ? side : -1));
    if (isBatch && sides.filter((side) => side === -1).length === 1) return { ...two, data: sides };
    return refuse(`a reshape to [${from.join()}]`);
  }
  const axis = two.dims.findIndex((side, i) => side === 2 && three.dims[i] === 3);
  const others = (dims: readonly number[]): string => dims.filter((_, i) => i !== axis).join();
  const [first, again] = [two, three].map((each) => firstAlong(each, axis));
  if (axis === -1 || others(two.dims) !== others(three.dims) || !first || !again || !isEqual(first, again))
    return refuse(`a constant of the shape [${two.dims.join()}]`);
  return { ...two, dims: two.dims.map((side, i) => (i === axis ? 1 : side)), data: first };
}

/** What stands at the first place of an axis, when the same stands at all; else undefined. */
function firstAlong({ dims, data }: Constant, axis: number): number[] | undefined {
  const inner = sizeOf(dims.slice(axis + 1));
  const first: number[] = [];
  for (let i = 0; i < data.length; i++) {
    const place = Math.floor(i / inner) % dims[axis]!;
    if (place === 0) first.push(data[i]!);
    else if (!Object.is(data[i], data[i - place * inner])) return undefined;
  }
  return first;
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return a.length === b.length;
}
