import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { registerExtraLayers } from './extra-layers.js';
import { formatError } from './format-error.js';
import { placeByPath } from './place-weights.js';

type AddWeight = (
  this: tfl.layers.Layer,
  name: string,
  shape: number[],
  dtype: tf.DataType | undefined,
  initializer: { apply(shape: number[], dtype?: tf.DataType): tf.Tensor },
  ...rest: unknown[]
) => tfl.LayerVariable;

/**
 * Builds the layers of a topology with the weights of the file. Layers get their memory only for
 * weights of a shape that the file has: a topology may otherwise ask for any amount.
 *
 * @param weights By the names of the file. They stay the caller's.
 * @param options `byPath`: whether their names are paths, as Keras 3 writes them.
 * @throws AdvrobError `ADVROB_MODEL_FILE`; everything allocated is freed then.
 */
export async function buildLayersModel(
  file: string,
  topology: Record<string, unknown>,
  weights: Readonly<Record<string, tf.Tensor>>,
  { byPath = false }: { readonly byPath?: boolean | undefined } = {},
): Promise<tfl.LayersModel> {
  registerExtraLayers();
  const made: { dispose(): void }[] = [];
  try {
    const model = await withFirstValues(file, weights, made, () =>
      tfl.models.modelFromJSON({ modelTopology: topology as never }),
    );
    if (byPath) placeByPath(file, model, weights);
    else model.loadWeights({ ...weights }, true);
    checkActivations(file, model);
    return model;
  } catch (cause) {
    for (const value of made) value.dispose();
    if (cause instanceof AdvrobError) throw cause;
    throw formatError(
      file,
      `tfjs-layers cannot build it: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
}

/**
 * Runs the synchronous part of `build` with layers that take their first values from `weights` of
 * the same shape, sharing memory.
 */
function withFirstValues<T>(
  file: string,
  weights: Readonly<Record<string, tf.Tensor>>,
  made: { dispose(): void }[],
  build: () => T,
): T {
  const unused = Object.values(weights);
  const take = (layer: string, shape: number[], dtype: tf.DataType = 'float32'): tf.Tensor => {
    const index = unused.findIndex((tensor) => tensor.dtype === dtype && tensor.shape.join() === shape.join());
    if (index < 0)
      throw formatError(file, `layer '${layer}' has a weight of shape [${shape.join(', ')}], which the file lacks`);
    const value = tf.clone(unused.splice(index, 1)[0]!);
    // addWeight disposes it, unless it throws before.
    made.push(value);
    return value;
  };
  const prototype = tfl.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  prototype.addWeight = function (name, shape, dtype, _initializer, ...rest) {
    const initializer = { apply: (size: number[], type?: tf.DataType) => take(this.name, size, type) };
    const variable = addWeight.call(this, name, shape, dtype, initializer, ...rest);
    made.push(variable);
    return variable;
  };
  try {
    return build();
  } finally {
    prototype.addWeight = addWeight;
  }
}

/**
 * Most values that one example may have between two layers: 2 GiB in float32, above any classifier
 * for these attacks.
 */
const largestActivation = 2 ** 29;

function checkActivations(file: string, model: tfl.LayersModel): void {
  for (const layer of model.layers) {
    if ('layers' in layer) checkActivations(file, layer as tfl.LayersModel);
    const shapes = layer.inboundNodes.flatMap((node) => node.outputTensors.map(({ shape }) => shape));
    for (const shape of shapes) {
      const size = shape.reduce<number>((product, side) => product * (side ?? 1), 1);
      if (size > largestActivation)
        throw formatError(
          file,
          `layer '${layer.name}' gives ${size} values for one example: more than a model may need`,
        );
    }
  }
}
