import { upcastType } from '@tensorflow/tfjs-core';
import { cast, elementwise } from '../build/elementwise.js';
import type { NumericType } from '../ir/value.js';
import { defineKernel } from './define.js';

// Pow, Mod and FloorDiv, which ONNX defines differently for integers: those are computed in floats of 64 bits.
for (const name of ['Pow', 'Mod', 'FloorDiv'])
  defineKernel(name, (call) => {
    const [a, b] = [call.input('a'), call.input('b')];
    const common = upcastType(a.dtype, b.dtype) as NumericType;
    if (common === 'bool') return null;
    const dtype = name === 'FloorDiv' ? 'int32' : common;
    return elementwise(name, [cast(a, common), cast(b, common)], dtype);
  });
