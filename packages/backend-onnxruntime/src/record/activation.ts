import { cast, elementwise } from '../values/elementwise.js';
import { prelu } from '../values/activation.js';
import { splat } from '../ir/create.js';
import { defineKernel } from './define.js';

defineKernel('Relu6', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? elementwise('Clip', [x], 'float32', { low: 0, high: 6 }) : null;
});

for (const name of ['Elu', 'Selu', 'Softplus', 'Log1p', 'Expm1'])
  defineKernel(name, (call) => {
    const x = call.input('x');
    return x.dtype === 'float32' ? elementwise(name, [x], 'float32') : null;
  });

defineKernel('EluGrad', (call) => {
  const [dy, y] = [call.input('dy'), call.input('y')];
  return dy.dtype === 'float32' && y.dtype === 'float32' ? elementwise('EluGradient', [dy, y], 'float32') : null;
});

defineKernel('Prelu', (call) => {
  // tfjs' result is float32 whatever it is given.
  return prelu(cast(call.input('x'), 'float32'), cast(call.input('alpha'), 'float32'));
});

for (const name of ['IsNan', 'IsInf', 'IsFinite'])
  defineKernel(name, (call) => {
    const x = call.input('x');
    if (x.dtype !== 'float32') return splat(name === 'IsFinite' ? 1 : 0, x.shape, 'bool');
    return elementwise(name, [x], 'bool');
  });
