import type { FlattenedImage } from '../layers/parameters.js';

/**
 * The shape that PyTorch gives a weight of ours: filters [h, w, in, out] are stored as [out, in, h, w], dense kernels [in, out] as [out, in].
 */
export function pytorchShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 4) return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  return shape.length === 2 ? [shape[1]!, shape[0]!] : shape;
}

/**
 * Reorders PyTorch's values into ours, `shape` being ours. PyTorch flattens images channels first, so that a dense kernel after a flattened image
 * [h, w, c] also has its rows in another order.
 */
export function fromPytorchLayout(
  data: Float32Array,
  shape: readonly number[],
  image: FlattenedImage | undefined,
): Float32Array {
  if (shape.length === 4) return fromFilter(data, shape);
  if (shape.length === 2) return fromDense(data, shape[0]!, shape[1]!, image ?? [1, 1, shape[0]!]);
  return data;
}

function fromFilter(data: Float32Array, [height, width, inputs, outputs]: readonly number[]): Float32Array {
  const [h, w, i, o] = [height!, width!, inputs!, outputs!];
  const result = new Float32Array(data.length);
  let target = 0;
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let input = 0; input < i; input++)
        for (let output = 0; output < o; output++) result[target++] = data[((output * i + input) * h + y) * w + x]!;
  return result;
}

function fromDense(data: Float32Array, inputs: number, outputs: number, image: FlattenedImage): Float32Array {
  const [height, width, channels] = image;
  const result = new Float32Array(data.length);
  let target = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++) {
        const input = (channel * height + y) * width + x;
        for (let output = 0; output < outputs; output++) result[target++] = data[output * inputs + input]!;
      }
  return result;
}
