import type { Activation, LayerGraph, LayerNode, Window } from '@advrob/models/layer-graph';
import type { Tensor } from '@tensorflow/tfjs-core';

type Values = Float64Array;
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** A graph's logits of one example in float64, by plain loops: what bounds are compared with. */
export async function inFloat64(graph: LayerGraph): Promise<(x: ArrayLike<number>) => Float64Array> {
  const weights = new Map<Tensor, ArrayLike<number>>();
  for (const node of graph.nodes)
    for (const each of Object.values(node))
      if (typeof each === 'object' && 'dataId' in each) weights.set(each as Tensor, await (each as Tensor).data());
  return (x) => {
    const values: Values[] = [];
    for (const node of graph.nodes)
      values.push(
        node.op === 'input'
          ? Float64Array.from(x)
          : valueOf(
              node,
              node.inputs.map((id) => values[id]!),
              node.inputs.map((id) => graph.nodes[id]!.shape),
              (tensor) => weights.get(tensor)!,
            ),
      );
    return values.at(-1)!;
  };
}

function valueOf(
  node: LayerNode,
  inputs: readonly Values[],
  shapes: readonly (readonly number[])[],
  read: (tensor: Tensor) => ArrayLike<number>,
): Values {
  const [x] = inputs as [Values];
  const [shape] = shapes as [readonly number[]];
  const out = new Float64Array(sizeOf(node.shape));
  switch (node.op) {
    case 'input':
      return x;
    case 'dense': {
      const w = read(node.kernel);
      const b = node.bias && read(node.bias);
      for (let j = 0; j < out.length; j++) {
        out[j] = b?.[j] ?? 0;
        for (let i = 0; i < x.length; i++) out[j]! += x[i]! * w[i * out.length + j]!;
      }
      return out;
    }
    case 'conv2d': {
      const [kh, kw, cin, cout] = node.filter.shape;
      const [w, b] = [read(node.filter), node.bias && read(node.bias)];
      const window: Window = { size: [kh, kw], strides: node.strides, pads: node.pads };
      for (let o = 0; o < out.length; o++) {
        out[o] = b?.[o % cout] ?? 0;
        for (const [pixel, k] of pixelsOf(window, shape, node.shape, Math.floor(o / cout)))
          for (let c = 0; c < cin; c++) out[o]! += x[pixel * cin + c]! * w[(k * cin + c) * cout + (o % cout)]!;
      }
      return out;
    }
    case 'maxPool':
    case 'avgPool': {
      const c = shape[2]!;
      for (let o = 0; o < out.length; o++) {
        const all = pixelsOf(node, shape, node.shape, Math.floor(o / c)).map(([pixel]) => x[pixel * c + (o % c)]!);
        out[o] = node.op === 'maxPool' ? Math.max(...all) : all.reduce((a, b) => a + b) / all.length;
      }
      return out;
    }
    case 'affine': {
      const at = (tensor: Tensor, i: number): number => {
        let [place, stride, rest] = [0, 1, i];
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          const side = tensor.shape[axis] ?? 1;
          if (side !== 1) place += (rest % shape[axis]!) * stride;
          rest = Math.floor(rest / shape[axis]!);
          stride *= side;
        }
        return read(tensor)[place]!;
      };
      return x.map((z, i) => z * (node.scale ? at(node.scale, i) : 1) + (node.shift ? at(node.shift, i) : 0));
    }
    case 'activation':
      return x.map((z) => activated(node.activation, z));
    case 'add':
      return out.map((_, i) => inputs.reduce((sum, each, k) => sum + each[i]! * node.signs[k]!, 0));
    case 'reshape':
      return x;
    case 'sum': {
      x.forEach((z, i) => {
        let [place, stride, rest] = [0, 1, i];
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          const at = rest % shape[axis]!;
          rest = Math.floor(rest / shape[axis]!);
          if (node.axes.includes(axis)) continue;
          place += at * stride;
          stride *= shape[axis]!;
        }
        out[place]! += z * node.factor;
      });
      return out;
    }
    default:
      throw new Error(`no float64 for ${node.op}`);
  }
}

/** Pixels of a window, and their places in it. */
function pixelsOf(
  { size: [kh, kw], strides, pads }: Window,
  [h, w]: readonly number[],
  [, ow]: readonly number[],
  at: number,
): [number, number][] {
  const [y0, x0] = [Math.floor(at / ow!) * strides[0] - pads[0], (at % ow!) * strides[1] - pads[2]];
  const found: [number, number][] = [];
  for (let k = 0; k < kh * kw; k++) {
    const [y, x] = [y0 + Math.floor(k / kw), x0 + (k % kw)];
    if (y >= 0 && y < h! && x >= 0 && x < w!) found.push([y * w! + x, k]);
  }
  return found;
}

function activated(activation: Activation, z: number): number {
  switch (activation.kind) {
    case 'relu':
      return Math.max(0, z);
    case 'abs':
      return Math.abs(z);
    case 'leakyRelu':
      return z >= 0 ? z : Math.fround(activation.slope) * z;
    case 'clip':
      return Math.min(activation.max, Math.max(activation.min, z));
    case 'sigmoid':
      return 1 / (1 + Math.exp(-z));
    case 'tanh':
      return Math.tanh(z);
    case 'elu':
      return z >= 0 ? z : Math.expm1(z);
    case 'softplus':
      return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  }
}
