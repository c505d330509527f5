import {
  backend_util,
  engine,
  registerGradient,
  util,
  type GradConfig,
  type NamedAttrMap,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { pending } from '../ir/create.js';
import type { Attributes } from '../ir/value.js';
import { windowAttributes } from '../ir/window.js';
import {
  filterGradient,
  geometryOf,
  inputGradient,
  reachedPart,
  type Four,
  type Geometry,
} from '../values/geometry.js';
import { defineKernel } from './define.js';

// Convolutions in groups of channels, which tfjs has no op for: kernels of this backend alone, called by
// `tf.engine().runKernel('GroupedConv2D', { x, filter }, attributes)` where `tf.getKernel` finds them.

/** `groups` of `channels / groups` inputs each: x [n, h, w, channels], filter [h, w, channels / groups, outputs]. */
interface GroupedAttributes {
  readonly strides: [number, number];
  /** For each axis of x before and after it. */
  readonly pad: backend_util.ExplicitPadding | 'valid' | 'same';
  readonly dilations: [number, number];
  readonly groups: number;
}

function geometry(inputShape: Four, filterShape: Four, attributes: GroupedAttributes): Geometry | null {
  const { strides, pad, dilations, groups } = attributes;
  const [channels, inputs, outputs] = [inputShape[3], filterShape[2], filterShape[3]];
  util.assert(
    channels === inputs * groups && outputs % groups === 0,
    () => `GroupedConv2D: ${groups} groups do not fit ${channels} channels and a filter [${filterShape}]`,
  );
  const rounding = typeof pad === 'string' ? undefined : 'floor';
  return geometryOf(backend_util.computeConv2DInfo(inputShape, filterShape, strides, dilations, pad, rounding));
}

function attributesOf({ window }: Geometry, { groups }: GroupedAttributes): Attributes {
  return { ...windowAttributes(window), groups };
}

defineKernel<GroupedAttributes>('GroupedConv2D', (call) => {
  const [x, filter] = [call.input('x'), call.input('filter')];
  const found = geometry(x.shape as Four, filter.shape as Four, call.attributes);
  if (!found) return null;
  const operands = [reachedPart(x, found), filter];
  return pending('GroupedConv2D', operands, found.outShape, 'float32', attributesOf(found, call.attributes));
});

defineKernel<GroupedAttributes & { inputShape: Four }>('GroupedConv2DBackpropInput', (call) => {
  const { inputShape } = call.attributes;
  const [dy, filter] = [call.input('dy'), call.input('filter')];
  const found = geometry(inputShape, filter.shape as Four, call.attributes);
  if (!found) return null;
  return inputGradient('GroupedInputGradient', dy, filter, inputShape, found, attributesOf(found, call.attributes));
});

defineKernel<GroupedAttributes & { filterShape: Four }>('GroupedConv2DBackpropFilter', (call) => {
  const { filterShape } = call.attributes;
  const [x, dy] = [call.input('x'), call.input('dy')];
  const found = geometry(x.shape as Four, filterShape, call.attributes);
  if (!found) return null;
  return filterGradient('GroupedFilterGradient', x, dy, filterShape, found, attributesOf(found, call.attributes));
});

const run = (name: string, inputs: Record<string, Tensor>, attributes: object): Tensor =>
  engine().runKernel(name, inputs, attributes as NamedAttrMap) as Tensor;

/** Linear in both operands, so that the gradients of the gradients are the same three kernels. */
const gradients: readonly GradConfig[] = [
  {
    kernelName: 'GroupedConv2D',
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, [x, filter], attributes) => ({
      x: () =>
        run(
          'GroupedConv2DBackpropInput',
          { dy: dy as Tensor, filter: filter! },
          { ...attributes, inputShape: x!.shape },
        ),
      filter: () =>
        run('GroupedConv2DBackpropFilter', { x: x!, dy: dy as Tensor }, { ...attributes, filterShape: filter!.shape }),
    }),
  },
  {
    kernelName: 'GroupedConv2DBackpropInput',
    inputsToSave: ['dy', 'filter'],
    gradFunc: (ddx, [dy, filter], attributes) => ({
      dy: () => run('GroupedConv2D', { x: ddx as Tensor, filter: filter! }, attributes),
      filter: () =>
        run(
          'GroupedConv2DBackpropFilter',
          { x: ddx as Tensor, dy: dy! },
          { ...attributes, filterShape: filter!.shape },
        ),
    }),
  },
  {
    kernelName: 'GroupedConv2DBackpropFilter',
    inputsToSave: ['x', 'dy'],
    gradFunc: (ddf, [x, dy], attributes) => ({
      x: () =>
        run('GroupedConv2DBackpropInput', { dy: dy!, filter: ddf as Tensor }, { ...attributes, inputShape: x!.shape }),
      dy: () => run('GroupedConv2D', { x: x!, filter: ddf as Tensor }, attributes),
    }),
  },
];

/** The gradients of these kernels, which no other package knows. */
export function registerGroupedGradients(): void {
  for (const config of gradients) registerGradient(config);
}
