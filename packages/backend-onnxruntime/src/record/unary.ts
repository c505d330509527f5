import { leakyRelu, relu } from '../build/activation.js';
import { cast, elementwise, negate } from '../build/elementwise.js';
import { defineKernel } from './define.js';

/** Ops that are defined for floats; tfjs casts before it calls them, the rest goes to the cpu backend. */
const floatOps: Readonly<Record<string, string>> = {
  Exp: 'Exp',
  Log: 'Log',
  Sqrt: 'Sqrt',
  Rsqrt: 'Rsqrt',
  Sigmoid: 'Sigmoid',
  Tanh: 'Tanh',
  Reciprocal: 'Reciprocal',
  Sin: 'Sin',
  Cos: 'Cos',
  Tan: 'Tan',
  Asin: 'Asin',
  Acos: 'Acos',
  Atan: 'Atan',
  Sinh: 'Sinh',
  Cosh: 'Cosh',
  Asinh: 'Asinh',
  Acosh: 'Acosh',
  Atanh: 'Atanh',
  Erf: 'Erf',
  Floor: 'Floor',
  Ceil: 'Ceil',
  Round: 'Round',
};

for (const name in floatOps)
  defineKernel(name, (call) => {
    const x = call.input('x');
    return x.dtype === 'float32' ? elementwise(floatOps[name]!, [x], 'float32') : null;
  });

/** Ops for floats and integers alike. */
for (const name of ['Abs', 'Square'])
  defineKernel(name, (call) => {
    const x = call.input('x');
    return x.dtype === 'bool' ? null : elementwise(name, [x], x.dtype);
  });

defineKernel('Neg', (call) => {
  const x = call.input('x');
  return x.dtype === 'bool' ? null : negate(x);
});

defineKernel('Sign', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? elementwise('Sign', [x], 'float32') : null;
});

defineKernel('Relu', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? relu(x) : null;
});

defineKernel<{ alpha: number }>('Step', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? elementwise('Step', [x], 'float32', { alpha: call.attributes.alpha ?? 0 }) : null;
});

defineKernel<{ clipValueMin: number; clipValueMax: number }>('ClipByValue', (call) => {
  const x = call.input('x');
  const { clipValueMin: low, clipValueMax: high } = call.attributes;
  return x.dtype === 'bool' ? null : elementwise('Clip', [x], x.dtype, { low, high });
});

defineKernel('LogicalNot', (call) => elementwise('Not', [cast(call.input('x'), 'bool')], 'bool'));

defineKernel<{ alpha: number }>('LeakyRelu', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? leakyRelu(x, call.attributes.alpha) : null;
});
