import { pending, splat } from '../ir/create.js';
import { cast } from '../values/elementwise.js';
import { defineKernel } from './define.js';

/**
 * The largest first, and of equals the one that comes first, whether or not they must be sorted;
 * NaN counts as the least.
 */
defineKernel<{ k: number; sorted: boolean }>('TopK', (call) => {
  const x = call.input('x');
  const source = x.dtype === 'bool' ? cast(x, 'int32') : x;
  const shape = [...x.shape.slice(0, -1), call.attributes.k];
  const indices = pending('TopKIndices', [source], shape, 'int32');
  const values =
    x.splat === null
      ? cast(pending('TopKValues', [source], shape, source.dtype), x.dtype)
      : splat(x.splat, shape, x.dtype, x.isDerived);
  return [values, indices];
});

defineKernel<{ axis: number; exclusive: boolean; reverse: boolean }>('Cumsum', (call) => {
  const x = call.input('x');
  const source = x.dtype === 'bool' ? cast(x, 'int32') : x;
  const { axis, exclusive, reverse } = call.attributes;
  if (x.shape.length === 0) return exclusive ? splat(0, [], source.dtype) : source;
  return pending('Cumsum', [source], x.shape, source.dtype, {
    axis: axis < 0 ? axis + x.shape.length : axis,
    exclusive: exclusive === true,
    reverse: reverse === true,
  });
});
