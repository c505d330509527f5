import { pending } from '../ir/create.js';
import { defineKernel } from './define.js';

/** Axis by axis, as a choice of rows: ONNX' Pad knows no symmetric mode. */
defineKernel<{ paddings: [number, number][]; mode: 'reflect' | 'symmetric' }>('MirrorPad', (call) => {
  const { paddings, mode } = call.attributes;
  const repeated = mode === 'reflect' ? 0 : 1;
  return paddings.reduce((x, [before, after], axis) => {
    if (before === 0 && after === 0) return x;
    const extent = x.shape[axis]!;
    const shape = x.shape.map((full, index) => (index === axis ? before + full + after : full));
    const rows = Array.from({ length: shape[axis]! }, (_, index) => {
      const row = index - before;
      if (row < 0) return -row - repeated;
      return row < extent ? row : 2 * (extent - 1) - row + repeated;
    });
    return pending('Pick', [x], shape, x.dtype, { axis, rows });
  }, call.input('x'));
});
