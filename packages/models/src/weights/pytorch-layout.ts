import type { Classifier } from '@advrob/core';
import type { BuiltClassifier } from '../architecture.js';
import type { FlattenedImage } from '../layers/parameters.js';

/**
 * The shape that PyTorch gives a weight of ours: filters [h, w, in, out] are stored as [out, in, h,
 * w], dense kernels [in, out] as [out, in].
 */
export function pytorchShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 4) return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  return shape.length === 2 ? [shape[1]!, shape[0]!] : shape;
}

/**
 * Reorders PyTorch's values into ours, `shape` being ours. PyTorch flattens images channels first,
 * so that a dense kernel after a flattened image [h, w, c] also has its rows in another order.
 */
export function fromPytorchLayout(
  data: Float32Array,
  shape: readonly number[],
  image: FlattenedImage | undefined,
): Float32Array {
  const places = pytorchPlaces(shape, image);
  return places === undefined ? data : Float32Array.from(places, (place) => data[place]!);
}

/**
 * Reorders our values into PyTorch's, `shape` being ours: the inverse of {@link fromPytorchLayout}.
 */
export function toPytorchLayout(
  data: Float32Array,
  shape: readonly number[],
  image: FlattenedImage | undefined,
): Float32Array {
  const result = Float32Array.from(data);
  pytorchPlaces(shape, image)?.forEach((place, i) => {
    result[place] = data[i]!;
  });
  return result;
}

/**
 * Where PyTorch keeps each of our values, in the order of ours; undefined for shapes that are
 * alike.
 */
function pytorchPlaces(shape: readonly number[], image: FlattenedImage | undefined): Int32Array | undefined {
  if (shape.length === 4) return filterPlaces(shape);
  if (shape.length === 2) return densePlaces(shape[0]!, shape[1]!, image ?? [1, 1, shape[0]!]);
  return undefined;
}

function filterPlaces([height, width, inputs, outputs]: readonly number[]): Int32Array {
  const [h, w, i, o] = [height!, width!, inputs!, outputs!];
  const places = new Int32Array(h * w * i * o);
  let ours = 0;
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let input = 0; input < i; input++)
        for (let output = 0; output < o; output++) places[ours++] = ((output * i + input) * h + y) * w + x;
  return places;
}

function densePlaces(inputs: number, outputs: number, [height, width, channels]: FlattenedImage): Int32Array {
  const places = new Int32Array(inputs * outputs);
  let ours = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++) {
        const input = (channel * height + y) * width + x;
        for (let output = 0; output < outputs; output++) places[ours++] = output * inputs + input;
      }
  return places;
}

/** The flattened images of a model, if an architecture of this kind made it. */
export function flattenedOf(model: Classifier): BuiltClassifier['flattened'] {
  return 'flattened' in model ? (model as BuiltClassifier).flattened : {};
}
