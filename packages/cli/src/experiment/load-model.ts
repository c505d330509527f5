import { AdvrobError, type AnyFactory, type Classifier, type Dataset, type Registry } from '@advrob/core';
import { likelyInput, type Normalization } from '@advrob/models';
import { loadModelFile } from '@advrob/models/node';
import { weightsOf } from '@advrob/zoo/node';
import * as tf from '@tensorflow/tfjs-core';
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { percent } from '../output/progress.js';
import { explainForeign } from './foreign-model.js';
import type { LoadOptions, ModelInput } from './types.js';

/**
 * A model that anyone saved: an ONNX or Keras file, a safetensors file of a known architecture, a folder with
 * a tfjs `model.json`, the folder of a training, or `zoo:mnist/pgd-at`.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_INPUT_RANGE` when it expects inputs of
 *   another form, and what the readers throw.
 */
export async function loadAnyModel(path: string, registry: Registry, options: LoadOptions = {}): Promise<Classifier> {
  const file = await findModelFile(path);
  if (file === undefined)
    throw new AdvrobError(
      'ADVROB_MODEL_MISSING',
      `no model at ${path}: expected a .safetensors, .onnx, .keras or .h5 file, a folder with a model.json, the folder of a training, or zoo: with a name such as mnist/pgd-at`,
    );
  const bounds = options.bounds ?? [0, 1];
  const normalization = normalizationOf(options.input ?? {}, bounds);
  const model = await loadModelFile(file, {
    architectures: architecturesOf(registry),
    architecture: options.architecture,
    options: options.architectureOptions,
    normalization,
    layers: { bounds, outputs: options.outputs, inputShape: options.data?.inputShape },
    onnx: options.onnx,
  }).catch(async (error: unknown) => {
    const isSaid = error instanceof AdvrobError && (error.code === 'ADVROB_PROBABILITIES' || file.endsWith('.onnx'));
    throw isSaid ? error : await explainForeign(file, error);
  });
  const { architectureOptions = {} } = options;
  const isTold = normalization !== undefined || 'mean' in architectureOptions || 'std' in architectureOptions;
  // A file that names its architecture was written here, with its mean and deviation.
  const isOwn = 'origin' in model && options.architecture === undefined;
  if (options.data === undefined || isTold || isOwn) return model;
  try {
    await checkInputForm(modelName(path), model, options.data);
    return model;
  } catch (error) {
    model.dispose?.();
    throw error;
  }
}

/** The architectures that there are, by name. */
export function architecturesOf(registry: Registry): Record<string, AnyFactory> {
  return Object.fromEntries(
    registry.list('models').map(({ name }): [string, AnyFactory] => [name, registry.find('models', name)]),
  );
}

/** Weights that a training leaves in its folder, the ones to take first. */
const leftByTraining: readonly string[] = ['weights.safetensors', 'last.safetensors'];

/** In front of the name of a model of the zoo. */
const ofZoo = 'zoo:';

/**
 * The path itself, the weights in a folder that a training wrote, or those of a model of the zoo.
 * Undefined when there is nothing.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_FILE_DAMAGED` of a model of the zoo.
 */
export async function findModelFile(path: string): Promise<string | undefined> {
  if (path.startsWith(ofZoo)) return weightsOf(path.slice(ofZoo.length));
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory() || (await exists(join(path, 'model.json')))) return found && path;
  for (const name of leftByTraining) if (await exists(join(path, name))) return join(path, name);
  return path;
}

/**
 * What to call a model: its file or folder; of weights that a training left, the folder they are
 * in.
 */
export function modelName(path: string): string {
  const name = basename(resolve(path));
  const isCommon = /^(weights|last|best|averaged)\.safetensors$/.test(name);
  return isCommon ? basename(dirname(resolve(path))) : name;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/**
 * The mean and deviation that bring data within `bounds` to what a network expects; undefined when
 * nothing was said.
 *
 * @throws AdvrobError `ADVROB_OPTION` for a range beside mean or std, or one that is no [low,
 *   high].
 */
export function normalizationOf(
  { range, mean, std }: ModelInput,
  bounds: readonly [number, number],
): Normalization | undefined {
  if (range === undefined)
    return mean === undefined && std === undefined ? undefined : { mean: mean ?? 0, std: std ?? 1 };
  const [low, high] = range;
  if (mean !== undefined || std !== undefined)
    throw new AdvrobError('ADVROB_OPTION', 'input range: give a range, or mean and std, not both');
  if (range.length !== 2 || !(low! < high!))
    throw new AdvrobError('ADVROB_OPTION', `input range: expected low,high with low < high, got ${range.join(',')}`);
  const scale = (bounds[1] - bounds[0]) / (high! - low!);
  return { mean: bounds[0] - low! * scale, std: scale };
}

/** Examples that are looked at, spread over the data, which may be sorted by class. */
const looked = 200;

/**
 * Refuses a model that classifies images in [0, 1] far worse than the same images in a form that
 * networks are often trained on.
 *
 * @throws AdvrobError `ADVROB_INPUT_RANGE` with the flag to add.
 */
async function checkInputForm(name: string, model: Classifier, data: Dataset): Promise<void> {
  const isImage = model.inputShape.length === 3 && model.inputShape.join() === data.inputShape.join();
  if (!isImage || data.bounds[0] !== 0 || data.bounds[1] !== 1 || model.numClasses !== data.numClasses) return;
  const count = Math.min(looked, data.length);
  const spread = data.subset(Int32Array.from({ length: count }, (_, i) => Math.floor((i * data.length) / count)));
  for await (const { x, y } of spread.batches({ size: Math.max(count, 1) })) {
    const found = await likelyInput(model, x, y).finally(() => tf.dispose([x, y]));
    if (found === undefined) continue;
    throw new AdvrobError(
      'ADVROB_INPUT_RANGE',
      `${name}: classifies ${percent(found.accuracy)} of ${count} examples rightly as they are, in [0, 1], but ${percent(found.better)} as ${found.words}. ` +
        `Add ${flagsOf(found.normalization)}; or --input-range 0,1 (in a config input: { range: [0, 1] }) if it is right as it is`,
    );
  }
}

function flagsOf({ mean, std }: Normalization): string {
  if (mean === 0 && std === 1 / 255) return '--input-range 0,255 (in a config input: { range: [0, 255] })';
  if (mean === 0.5 && std === 0.5) return '--input-range=-1,1 (in a config input: { range: [-1, 1] })';
  const words = (values: number | readonly number[]) => [values].flat().join(',');
  return `--mean ${words(mean)} --std ${words(std)} (in a config input: { mean, std }), or the numbers that it was trained with`;
}
