import { pending } from '../ir/create.js';
import { cast } from '../values/elementwise.js';
import { defineKernel } from './define.js';

interface ResizeAttributes {
  alignCorners: boolean;
  halfPixelCenters: boolean;
  size: [number, number];
}

for (const [name, isLinear] of [
  ['ResizeBilinear', true],
  ['ResizeNearestNeighbor', false],
] as const) {
  defineKernel<ResizeAttributes>(name, (call) => {
    const x = call.input('images');
    const { alignCorners, halfPixelCenters, size } = call.attributes;
    const shape = [x.shape[0]!, ...size, x.shape[3]!];
    const images = isLinear ? cast(x, 'float32') : x;
    return pending('Resize', [images], shape, images.dtype, { isLinear, alignCorners, halfPixelCenters });
  });

  defineKernel<ResizeAttributes>(`${name}Grad`, (call) => {
    const [images, dy] = [call.input('images'), call.input('dy')];
    if (dy.dtype !== 'float32' || (!isLinear && images.dtype !== 'float32')) return null;
    const { alignCorners, halfPixelCenters } = call.attributes;
    return pending('ResizeGradient', [dy], images.shape, 'float32', { isLinear, alignCorners, halfPixelCenters });
  });
}
