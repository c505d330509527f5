import { pending } from '../ir/create.js';
import { leakyRelu, prelu, relu } from '../values/activation.js';
import { cast, elementwise } from '../values/elementwise.js';
import { defineKernel } from './define.js';

defineKernel('Relu', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? relu(x) : null;
});

defineKernel('Relu6', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? elementwise('Clip', [x], 'float32', { low: 0, high: 6 }) : null;
});

for (const name of ['Sigmoid', 'Elu', 'Selu', 'Softplus'])
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

defineKernel<{ alpha: number }>('LeakyRelu', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? leakyRelu(x, call.attributes.alpha) : null;
});

defineKernel<{ alpha: number }>('Step', (call) => {
  const x = call.input('x');
  return x.dtype === 'float32' ? elementwise('Step', [x], 'float32', { alpha: call.attributes.alpha ?? 0 }) : null;
});

defineKernel<{ dim: number }>('Softmax', (call) => {
  const x = call.input('logits');
  const last = x.shape.length - 1;
  if (call.attributes.dim !== last && call.attributes.dim !== -1) return null;
  return pending('Softmax', [cast(x, 'float32')], x.shape, 'float32');
});
