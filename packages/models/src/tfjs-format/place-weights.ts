import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { formatError } from './format-error.js';

/** A layer with weights, and the names of the models around it. */
interface Place {
  readonly models: readonly string[];
  readonly layer: tfl.layers.Layer;
  readonly found: string[];
}

/**
 * Gives the layers of a model the weights of a file of Keras 3, whose names are paths such as
 * `sequential/dense/kernel`: with or without the names of the models around a layer. Inside of a
 * layer they go by their own names, or in their order where these differ, as Keras 3 renamed some.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE` for a weight that is missing, left over, of another shape,
 *   or may be that of several layers.
 */
export function placeByPath(file: string, model: tfl.LayersModel, weights: Readonly<Record<string, tf.Tensor>>): void {
  const places = placesOf(model, [model.name]);
  for (const name of Object.keys(weights)) placeFor(file, name, places).found.push(name);
  for (const { layer, found } of places) {
    const ordered = inOrderOf(layer, found);
    if (ordered.length !== layer.weights.length)
      throw formatError(
        file,
        `layer '${layer.name}' has ${layer.weights.length} weights, the file has ${found.length === 0 ? 'none' : found.join(', ')} for it`,
      );
    layer.weights.forEach((weight, i) => writeWeight(file, ordered[i]!, weight, weights[ordered[i]!]!));
  }
}

function placesOf(model: tfl.LayersModel, models: readonly string[]): Place[] {
  return model.layers.flatMap((layer) =>
    'layers' in layer
      ? placesOf(layer as tfl.LayersModel, [...models, layer.name])
      : layer.weights.length > 0
        ? [{ models, layer, found: [] }]
        : [],
  );
}

function placeFor(file: string, name: string, places: readonly Place[]): Place {
  const parts = partsOf(name);
  const fitting = places.filter(({ models, layer }) =>
    startsOf(models).some((front) => isStart([...front, layer.name], parts)),
  );
  // A path that names every model around a layer is meant for it, whatever else ends alike.
  const exact = fitting.filter(({ models, layer }) =>
    [models, models.slice(1)].some((front) => isStart([...front, layer.name], parts)),
  );
  const [place, other] = exact.length > 0 ? exact : fitting;
  if (place === undefined) throw formatError(file, `weight '${name}' belongs to no layer of the model`);
  if (other !== undefined)
    throw formatError(
      file,
      `weight '${name}' may be of '${[...place.models, place.layer.name].join('/')}' or '${[...other.models, other.layer.name].join('/')}': give the layers names of their own`,
    );
  return place;
}

/** The names of the models around a layer, from any of them on. */
function startsOf(models: readonly string[]): (readonly string[])[] {
  return [...models.map((_, i) => models.slice(i)), []];
}

function isStart(start: readonly string[], parts: readonly string[]): boolean {
  return start.length < parts.length && start.every((part, i) => part === parts[i]);
}

function inOrderOf({ weights }: tfl.layers.Layer, found: readonly string[]): readonly string[] {
  const own = weights.map(({ originalName }) => partsOf(originalName).at(-1)!);
  const byName = own.map((name) => found.filter((each) => partsOf(each).at(-1) === name));
  return byName.every(({ length }) => length === 1) ? byName.map(([name]) => name!) : found;
}

/** Names of TensorFlow end in the number of an output. */
function partsOf(name: string): readonly string[] {
  return name.replace(/:0$/, '').split('/');
}

function writeWeight(file: string, name: string, weight: tfl.LayerVariable, value: tf.Tensor): void {
  if (weight.shape.join() !== value.shape.join() || weight.dtype !== value.dtype)
    throw formatError(
      file,
      `weight '${name}': the layer takes ${weight.dtype} [${weight.shape.join(', ')}], the file has ${value.dtype} [${value.shape.join(', ')}]`,
    );
  weight.write(value);
}
