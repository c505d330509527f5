import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

// What Keras has and tfjs-layers lacks or computes otherwise. Names are ours: what tfjs-layers has
// under Keras' own stays as it is for everybody else in the program.

type Config = tf.serialization.ConfigDict;
type Shape = (number | null)[];

/** The one input of a layer. */
function only(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(inputs) ? inputs[0]! : inputs;
}

abstract class PlainLayer extends tfl.layers.Layer {
  constructor(protected readonly given: Config) {
    super(given as object);
  }
  override getConfig(): Config {
    return { ...this.given, ...super.getConfig() };
  }
}

/** (x - mean) / max(deviation, 1e-7), by numbers that were adapted to data or given. */
class KerasNormalization extends PlainLayer {
  static readonly className = 'KerasNormalization';
  #broadcast: number[] = [];

  override build(shapes: tfl.Shape | tfl.Shape[]): void {
    const shape = shapes as Shape;
    const { axis, mean } = this.given;
    const axes = [axis ?? []].flat().map((each) => ((each as number) + shape.length) % shape.length);
    const sides = shape.map((side, i) => (axes.includes(i) ? (side ?? 1) : 1));
    this.#broadcast = sides;
    if (mean !== null && mean !== undefined) return void (this.built = true);
    const own = axes.map((each) => shape[each] ?? 1);
    const zeros = tfl.initializers.zeros();
    this.addWeight('mean', own, 'float32', zeros, undefined, false);
    this.addWeight('variance', own, 'float32', zeros, undefined, false);
    this.addWeight('count', [], 'int32', zeros, undefined, false);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = only(inputs);
      const numbers = (i: number, key: string): tf.Tensor => {
        const weight = this.weights[i]?.read();
        if (weight) return tf.reshape(weight, this.#broadcast);
        const values = [this.given[key]].flat(9) as number[];
        return values.length === 1 ? tf.scalar(values[0]!) : tf.reshape(tf.tensor1d(values), this.#broadcast);
      };
      const [mean, deviation] = [numbers(0, 'mean'), tf.maximum(tf.sqrt(numbers(1, 'variance')), 1e-7)];
      return this.given['invert'] === true ? tf.add(mean, tf.mul(x, deviation)) : tf.div(tf.sub(x, mean), deviation);
    });
  }
}

/** Resizes by the centres of pixels, as Keras does. */
class KerasResizing extends PlainLayer {
  static readonly className = 'KerasResizing';
  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape {
    const { height, width } = this.given;
    return [(shape as Shape)[0]!, height as number, width as number, (shape as Shape)[3]!];
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { height, width, interpolation } = this.given;
    const size: [number, number] = [height as number, width as number];
    const x = only(inputs) as tf.Tensor4D;
    return interpolation === 'nearest'
      ? tf.image.resizeNearestNeighbor(x, size, false, true)
      : tf.image.resizeBilinear(x, size, false, true);
  }
}

/** Changes nothing in a trained model; what it does in training is not known here. */
class KerasTrainingOnly extends PlainLayer {
  static readonly className = 'KerasTrainingOnly';
  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape | tfl.Shape[] {
    return shape;
  }
  override call(inputs: tf.Tensor | tf.Tensor[], { training }: { training?: unknown }): tf.Tensor {
    if (training === true)
      throw new Error(`layer '${this.name}' changes its input at random in training, which is not done here`);
    return tf.clone(only(inputs));
  }
}

const gate = (x: tf.Tensor): tf.Tensor => tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1);

/** Activations of Keras 3. Their hard sigmoid is min(max(x / 6 + 1/2, 0), 1). */
const activations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  kerasHardSigmoid: gate,
  kerasHardSilu: (x) => tf.mul(x, gate(x)),
  kerasExponential: (x) => tf.exp(x),
  kerasLeakyRelu: (x) => tf.leakyRelu(x, 0.2),
  kerasLogSigmoid: (x) => tf.neg(tf.softplus(tf.neg(x))),
  kerasHardTanh: (x) => tf.clipByValue(x, -1, 1),
  kerasTanhShrink: (x) => tf.sub(x, tf.tanh(x)),
  kerasSquareplus: (x) => tf.div(tf.add(x, tf.sqrt(tf.add(tf.square(x), 4))), 2),
};

type SerializableClass = tf.serialization.SerializableConstructor<tf.serialization.Serializable>;

function activationClass(name: string, f: (x: tf.Tensor) => tf.Tensor): SerializableClass {
  return class extends tf.serialization.Serializable {
    static readonly className = name;
    getConfig(): Config {
      return {};
    }
    apply(x: tf.Tensor): tf.Tensor {
      return tf.tidy(() => f(x));
    }
  };
}

let isRegistered = false;

/** Makes these layers and activations known to tfjs-layers, under names that nobody else has. */
export function registerExtraLayers(): void {
  if (isRegistered) return;
  isRegistered = true;
  const registered: SerializableClass[] = [
    KerasNormalization,
    KerasResizing,
    KerasTrainingOnly,
    ...Object.entries(activations).map(([name, f]) => activationClass(name, f)),
  ];
  for (const each of registered) tf.serialization.registerClass(each);
}
