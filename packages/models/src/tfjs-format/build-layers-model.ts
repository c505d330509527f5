import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { AdvrobError } from '@advrob/core';
import { formatError } from './format-error.js';
import { refuseNormalizationLayer } from './normalization-layer.js';

type AddWeight = (
  this: tfl.layers.Layer,
  name: string,
  shape: number[],
  dtype: tf.DataType | undefined,
  initializer: { apply(shape: number[], dtype?: tf.DataType): tf.Tensor },
  ...rest: unknown[]
) => tfl.LayerVariable;

/**
 * Builds the layers of a topology with the weights of the file. Layers get their memory only for weights of a shape that the file has: a topology may
 * otherwise ask for any amount.
 *
 * @param weights By the names of the file. They stay the caller's.
 * @throws AdvrobError `ADVROB_MODEL_FILE`; everything allocated is freed then.
 */
export async function buildLayersModel(
  file: string,
  topology: Record<string, unknown>,
  weights: Readonly<Record<string, tf.Tensor>>,
): Promise<tfl.LayersModel> {
  await refuseNormalizationLayer(file, topology, weights);
  const made: { dispose(): void }[] = [];
  try {
    const model = await withFirstValues(file, weights, made, () =>
      tfl.models.modelFromJSON({ modelTopology: topology as never }),
    );
    model.loadWeights({ ...weights }, true);
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

/** Runs the synchronous part of `build` with layers that take their first values from `weights` of the same shape, sharing memory. */
function withFirstValues<T>(
  file: string,
  weights: Readonly<Record<string, tf.Tensor>>,
  made: { dispose(): void }[],
  build: () => T,
): T {
  const unused = Object.values(weights);
  const apply = (shape: number[], dtype: tf.DataType = 'float32'): tf.Tensor => {
    const index = unused.findIndex((tensor) => tensor.dtype === dtype && tensor.shape.join() === shape.join());
    if (index < 0)
      throw formatError(file, `modelTopology has a weight of shape [${shape.join(', ')}] that weightsManifest lacks`);
    const value = tf.clone(unused.splice(index, 1)[0]!);
    // addWeight disposes it, unless it throws before.
    made.push(value);
    return value;
  };
  const prototype = tfl.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  prototype.addWeight = function (name, shape, dtype, _initializer, ...rest) {
    const variable = addWeight.call(this, name, shape, dtype, { apply }, ...rest);
    made.push(variable);
    return variable;
  };
  try {
    return build();
  } finally {
    prototype.addWeight = addWeight;
  }
}

/** Most values that one example may have between two layers: 2 GiB in float32, above any classifier for these attacks. */
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
