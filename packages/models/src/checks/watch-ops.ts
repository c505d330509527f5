import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { layers as kerasLayers } from '@tensorflow/tfjs-layers';

/** One op of a forward pass whose inputs depend on the model's input. */
export interface Op {
  readonly name: string;
  readonly layer: string | undefined;
  readonly inputs: readonly tf.Tensor[];
  readonly outputs: readonly tf.Tensor[];
  /** What ran inside, where an op has a gradient of its own; else the op itself. Its tensors may be freed. */
  readonly kernels: readonly Kernel[];
  /** Runs it again on the same inputs, for its gradient. */
  readonly again: (inputs: readonly tf.Tensor[]) => tf.Tensor[];
  /** Its outputs for other inputs, which may have no gradient; undefined where they cannot be had. */
  readonly replay: (inputs: readonly tf.Tensor[]) => tf.Tensor[] | undefined;
}

/** One kernel that ran. */
export interface Kernel {
  readonly name: string;
  readonly inputs: readonly tf.Tensor[];
  readonly outputs: readonly tf.Tensor[];
}

type Engine = Pick<ReturnType<typeof tf.engine>, 'runKernel' | 'customGrad'>;

/**
 * Runs a model and hands over each op that its input leads to. tfjs has no hook for this, so that
 * the engine's entry for ops and the layers' entry are replaced for the length of one forward pass.
 *
 * @returns Whether the scores depend on the input through ops.
 */
export function watchOps(model: Classifier, x: tf.Tensor, look: (op: Op) => void): boolean {
  const engine = tf.engine() as Engine;
  const { runKernel, customGrad } = engine;
  const layerClass = kerasLayers.Layer.prototype;
  const { apply } = layerClass;
  const own = Object.hasOwn(engine, 'runKernel');
  const layers: string[] = [];
  const dependent = new Set<number>([x.id]);
  let depth = 0;
  const outside = <T>(body: () => T): T => {
    depth++;
    try {
      return body();
    } finally {
      depth--;
    }
  };
  /** Runs an op whose inside is its own. */
  const watched = <T extends tf.Tensor | tf.Tensor[]>(
    name: () => string,
    inputs: readonly tf.Tensor[],
    body: (inputs: readonly tf.Tensor[]) => T,
    replay: Op['replay'] = (others) => [body(others)].flat() as tf.Tensor[],
    kernels?: () => readonly Kernel[],
  ): T => {
    if (depth > 0) return body(inputs);
    const out = outside(() => body(inputs));
    if (!inputs.some(({ id }) => dependent.has(id))) return out;
    const outputs: tf.Tensor[] = [out].flat();
    for (const { id } of outputs) dependent.add(id);
    outside(() =>
      look({
        name: name(),
        layer: layers.at(-1),
        inputs,
        outputs,
        kernels: kernels?.() ?? [{ name: name(), inputs, outputs }],
        again: (others) => [body(others)].flat() as tf.Tensor[],
        replay,
      }),
    );
    return out;
  };
  engine.runKernel = function <T extends tf.Tensor | tf.Tensor[]>(
    kernel: string,
    inputs: tf.NamedTensorMap,
    attrs?: tf.NamedAttrMap,
  ): T {
    const keys = tensorKeys(inputs);
    return watched(
      () => kernel,
      keys.map((key) => inputs[key]!),
      (values) => runKernel.call(engine, kernel, withTensors(inputs, keys, values), attrs) as T,
    );
  };
  engine.customGrad = <T extends tf.Tensor>(f: Parameters<typeof tf.customGrad<T>>[0]) => {
    const whole = (customGrad<T>).call(engine, f);
    return (...inputs) => {
      const tensors = inputs as tf.Tensor[];
      const inside = recorder(engine, runKernel);
      return watched<T>(
        () => inside.name() ?? 'with a gradient of its own',
        tensors,
        (values) => inside.during(() => whole(...values)),
        (values) => inside.replay(tensors, values),
        inside.kernels,
      );
    };
  };
  layerClass.apply = function (this: tf.serialization.Serializable & { name: string }, ...given) {
    layers.push(`'${this.name}' (${this.getClassName()})`);
    try {
      return apply.call(this as never, ...given);
    } finally {
      layers.pop();
    }
  };
  try {
    return tf.tidy(() => dependent.has(model.logits(x).id));
  } finally {
    if (own) Object.assign(engine, { runKernel, customGrad });
    else {
      Reflect.deleteProperty(engine, 'runKernel');
      Reflect.deleteProperty(engine, 'customGrad');
    }
    layerClass.apply = apply;
  }
}

function tensorKeys(inputs: tf.NamedTensorMap): string[] {
  return Object.keys(inputs).filter((key) => inputs[key] instanceof tf.Tensor);
}

/** Inputs of a kernel, which may be a list, with others for the tensors in it. */
function withTensors(
  inputs: tf.NamedTensorMap,
  keys: readonly string[],
  values: readonly tf.Tensor[],
): tf.NamedTensorMap {
  const copy = (Array.isArray(inputs) ? [...(inputs as tf.Tensor[])] : { ...inputs }) as tf.NamedTensorMap;
  keys.forEach((key, i) => (copy[key] = values[i]!));
  return copy;
}

/**
 * Records the kernels inside an op with a gradient of its own. The function of such an op may have
 * its inputs from outside, so that calling it with others gives the same again.
 */
function recorder(engine: Engine, runKernel: Engine['runKernel']) {
  interface Ran {
    readonly kernel: string;
    readonly inputs: tf.NamedTensorMap;
    readonly attrs: tf.NamedAttrMap | undefined;
    readonly outputs: readonly tf.Tensor[];
  }
  let ran: Ran[] | undefined;
  let result: number | undefined;
  return {
    name: () => ran?.[0]?.kernel,
    kernels: (): readonly Kernel[] =>
      (ran ?? []).map(({ kernel, inputs, outputs }) => ({
        name: kernel,
        inputs: tensorKeys(inputs).map((key) => inputs[key]!),
        outputs,
      })),
    during<T extends tf.Tensor>(body: () => T): T {
      if (ran !== undefined) return body();
      const recorded: Ran[] = (ran = []);
      const outer = engine.runKernel;
      engine.runKernel = function <R extends tf.Tensor | tf.Tensor[]>(
        kernel: string,
        inputs: tf.NamedTensorMap,
        attrs?: tf.NamedAttrMap,
      ): R {
        const out = runKernel.call(engine, kernel, inputs, attrs) as R;
        recorded.push({ kernel, inputs, attrs, outputs: [out].flat() as tf.Tensor[] });
        return out;
      };
      try {
        const out = body();
        result = out.id;
        return out;
      } finally {
        engine.runKernel = outer;
      }
    },
    replay(from: readonly tf.Tensor[], values: readonly tf.Tensor[]): tf.Tensor[] | undefined {
      const now = new Map(from.map(({ id }, i) => [id, values[i]!]));
      for (const { kernel, inputs, attrs, outputs } of ran ?? []) {
        const keys = tensorKeys(inputs);
        const given = keys.map((key) => now.get(inputs[key]!.id) ?? inputs[key]!);
        // What was made and freed inside cannot be had again.
        if (given.some(({ isDisposed }) => isDisposed)) return undefined;
        const out = [runKernel.call(engine, kernel, withTensors(inputs, keys, given), attrs)].flat() as tf.Tensor[];
        outputs.forEach(({ id }, i) => now.set(id, out[i]!));
      }
      const end = result === undefined ? undefined : now.get(result);
      return end && [end];
    },
  };
}
