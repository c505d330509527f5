import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { formatError, isRecord } from './format-error.js';

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

/**
 * Refuses Keras' Normalization layer, which tfjs-layers lacks, and says what to pass in its place.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE`.
 */
async function refuseNormalizationLayer(
  file: string,
  topology: unknown,
  weights: Readonly<Record<string, Tensor>>,
): Promise<void> {
  const name = normalizationLayer(topology, 0);
  if (name === undefined) return;
  const [mean, variance] = await Promise.all(['mean', 'variance'].map((kind) => valuesOf(weights, name, kind)));
  const std = variance?.map((value) => Math.sqrt(Math.max(value, 1e-14)));
  const words = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(7))).join(',');
  const instead =
    mean && std
      ? `pass its numbers: --mean ${words(mean)} --std ${words(std)} on the command line, mean and std in code (divide both by 255 if it was adapted to bytes)`
      : 'pass its mean and deviation as --mean and --std on the command line, mean and std in code';
  throw formatError(
    file,
    `layer '${name}' is Keras' Normalization, which tfjs-layers does not have: save the model without it and ${instead}`,
  );
}

function normalizationLayer(value: unknown, depth: number): string | undefined {
  if (depth > 100 || typeof value !== 'object' || value === null) return undefined;
  if (isRecord(value) && (value['class_name'] ?? value['className']) === 'Normalization') {
    const { config } = value;
    return isRecord(config) && typeof config['name'] === 'string' ? config['name'] : 'normalization';
  }
  for (const item of Object.values(value)) {
    const found = normalizationLayer(item, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function valuesOf(
  weights: Readonly<Record<string, Tensor>>,
  layer: string,
  kind: string,
): Promise<number[] | undefined> {
  const [, tensor] = Object.entries(weights).find(([name]) => name === `${layer}/${kind}`) ?? [];
  return tensor && tensor.size <= 16 ? Array.from(await tensor.data()) : undefined;
}
