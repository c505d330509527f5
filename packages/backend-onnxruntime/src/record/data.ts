import { util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import type { OnnxRuntimeBackend } from '../backend.js';
import { allocate } from '../ir/arrays.js';
import { bufferOf, computed, splat } from '../ir/create.js';
import type { NumericType } from '../ir/value.js';
import { cast } from '../values/elementwise.js';
import { defineDataKernel, fallBack, type KernelParameters } from './define.js';

// Kernels that pass data on, make constants, or take complex numbers apart.

defineDataKernel('Identity', ({ inputs, backend }) => backend.share(inputs['x']!));

defineDataKernel('Reshape', ({ inputs, backend, attrs }) => {
  const x = inputs['x']!;
  const size = util.sizeFromShape(x.shape);
  const shape = util.inferFromImplicitShape(attrs!['shape'] as number[], size);
  const newSize = util.sizeFromShape(shape);
  util.assert(
    size === newSize,
    () =>
      `The new shape (${shape}) has ${newSize} elements and the old shape (${x.shape}) has ${size} elements. The new shape and old shape must have the same number of elements.`,
  );
  return backend.share(x, shape);
});

defineDataKernel('ExpandDims', ({ inputs, backend, attrs }) => {
  const x = inputs['input']!;
  const shape = x.shape.slice();
  let dim = attrs!['dim'] as number;
  if (dim < 0) {
    util.assert(
      -(x.shape.length + 1) <= dim,
      () => `Axis must be in the interval [${-(x.shape.length + 1)}, ${x.shape.length}]`,
    );
    dim = x.shape.length + dim + 1;
  }
  shape.splice(dim, 0, 1);
  return backend.share(x, shape);
});

defineDataKernel('Cast', (parameters) => {
  const { inputs, backend, attrs } = parameters;
  const x = inputs['x']!;
  const dtype = attrs!['dtype'] as DataType;
  if (dtype === x.dtype) return backend.share(x);
  if (dtype === 'complex64') return complexFrom(parameters, x);
  if (x.dtype === 'complex64') {
    const entry = backend.entry(x.dataId);
    if (entry.kind !== 'complex') throw new Error('A complex64 tensor has no parts');
    return castNumeric(backend, { ...entry.real, shape: x.shape }, dtype);
  }
  if (x.dtype === 'string' || dtype === 'string') return fallBack(backend, 'Cast', inputs, attrs);
  return castNumeric(backend, x, dtype);
});

function castNumeric(backend: OnnxRuntimeBackend, x: TensorInfo, dtype: DataType): TensorInfo {
  return x.dtype === dtype ? backend.share(x) : backend.output(cast(backend.value(x), dtype as NumericType));
}

function complexFrom({ backend }: KernelParameters, x: TensorInfo): TensorInfo {
  const real = castNumeric(backend, x, 'float32');
  const imag = backend.output(splat(0, x.shape, 'float32'));
  const made = backend.outputComplex(real, imag);
  backend.disposeData(real.dataId);
  backend.disposeData(imag.dataId);
  return made;
}

defineDataKernel('Complex', ({ inputs, backend }) => backend.outputComplex(inputs['real']!, inputs['imag']!));

for (const part of ['real', 'imag'] as const)
  defineDataKernel(part === 'real' ? 'Real' : 'Imag', ({ inputs, backend }) => {
    const x = inputs['input']!;
    const entry = backend.entry(x.dataId);
    if (entry.kind !== 'complex') throw new Error(`Expected a complex64 tensor, got ${x.dtype}`);
    return backend.share(entry[part], x.shape);
  });

defineDataKernel('Fill', ({ inputs, backend, attrs }) => {
  const value = attrs!['value'] as number | string;
  const dtype = (attrs!['dtype'] as DataType | undefined) ?? util.inferDtype(value);
  const shape = attrs!['shape'] as number[];
  if (typeof value === 'string' || dtype === 'string' || dtype === 'complex64')
    return fallBack(backend, 'Fill', inputs, attrs);
  if (util.sizeFromShape(shape) === 0)
    return backend.output(computed(bufferOf(allocate(dtype, 0), false), shape, dtype));
  return backend.output(constant(Number(value), shape, dtype));
});

for (const [name, number] of [
  ['ZerosLike', 0],
  ['OnesLike', 1],
] as const)
  defineDataKernel(name, (parameters) => {
    const x = parameters.inputs['x']!;
    if (x.dtype === 'string')
      throw new Error(`${name === 'ZerosLike' ? 'zerosLike' : 'onesLike'} is not supported for string tensors`);
    if (x.dtype !== 'complex64') return parameters.backend.output(constant(number, x.shape, x.dtype));
    const filled = parameters.backend.output(constant(number, x.shape, 'float32'));
    const made = complexFrom(parameters, filled);
    parameters.backend.disposeData(filled.dataId);
    return made;
  });

function constant(number: number, shape: number[], dtype: NumericType): ReturnType<typeof splat> {
  const array =
    dtype === 'float32' ? Float32Array.of(number) : dtype === 'int32' ? Int32Array.of(number) : Uint8Array.of(number);
  return splat(array[0]!, shape, dtype);
}

// Sequences are data, not computation.
defineDataKernel('Range', (parameters) => {
  const { backend, attrs, inputs } = parameters;
  const { start, stop, step, dtype } = attrs as { start: number; stop: number; step: number; dtype: NumericType };
  const count = start === stop ? 0 : Math.ceil((stop - start) / step);
  if (!(count > 0) || (dtype !== 'int32' && dtype !== 'float32')) return fallBack(backend, 'Range', inputs, attrs);
  const array = dtype === 'int32' ? new Int32Array(count) : new Float32Array(count);
  for (let i = 0, value = start; i < count; i++) {
    array[i] = value;
    value = array[i]! + step;
  }
  return backend.output(computed(bufferOf(array, true), [count], dtype));
});

defineDataKernel('LinSpace', ({ backend, attrs }) => {
  const { start, stop, num } = attrs as { start: number; stop: number; num: number };
  const step = (stop - start) / (num - 1);
  const array = Float32Array.from({ length: num }, (_, index) => start + index * step);
  return backend.output(computed(bufferOf(array, true), [num], 'float32'));
});
