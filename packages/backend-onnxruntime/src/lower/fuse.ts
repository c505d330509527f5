import type { RecordedGraph } from '../flush/collect.js';
import type { Value } from '../ir/value.js';
import type { Lowering } from './lowering.js';
import { extended, scaledImageOf, type ScaledImage } from './scaled-image.js';

/** What a blocked convolution does besides convolving: ONNX Runtime adds the bias and clips in the same pass. */
export interface ConvolutionTail {
  readonly convolution: Value;
  readonly bias: Value | null;
  readonly relu: boolean;
}

/** Finds what is lowered together with the ops before it; returned are the values that are never needed on their own. */
export function fuse(lowering: Lowering, recorded: RecordedGraph): Set<Value> {
  const absorbed = fuseConvolutions(lowering, recorded);
  if (lowering.blockSize > 0) fuseScaledImages(lowering, recorded, absorbed);
  return absorbed;
}

/** Chains of ops on an image whose values have no other user (see scaled-image.ts). */
function fuseScaledImages(lowering: Lowering, recorded: RecordedGraph, absorbed: Set<Value>): void {
  const { scaledImages } = lowering;
  for (const value of recorded.order) {
    if (!value.node || absorbed.has(value) || lowering.tails.has(value)) continue;
    const found = extendedOne(lowering, value) ?? scaledImageOf(value);
    if (!found) continue;
    const inner = found.ops[found.ops.length - 2];
    if (inner) {
      scaledImages.delete(inner);
      absorbed.add(inner);
    }
    scaledImages.set(value, found);
  }
}

/** The scaled image that `value` goes on with, the last one first: what was computed before can be added to it. */
function extendedOne(lowering: Lowering, value: Value): ScaledImage | null {
  const { inputs } = value.node!;
  for (const input of [...inputs].reverse()) {
    const scaled = lowering.scaledImages.get(input);
    if (!scaled || lowering.uses.get(input) !== 1) continue;
    const found = extended(scaled, value, inputs.length === 2 ? otherThan(inputs, input) : undefined);
    if (found) return found;
  }
  return null;
}

/**
 * Finds convolutions whose only user adds a channel vector and maybe applies relu. The last op of such a chain is lowered
 * with its convolution; returned are the values that are never needed on their own. The bits stay those of separate ops:
 * ONNX Runtime adds the bias to the finished sum (a test holds it to that).
 */
function fuseConvolutions(lowering: Lowering, recorded: RecordedGraph): Set<Value> {
  const absorbed = new Set<Value>();
  const chains = new Map<Value, ConvolutionTail>();
  for (const value of recorded.order) {
    const node = value.node;
    if (!node) continue;
    if (node.op === 'Conv2D') {
      chains.set(value, { convolution: value, bias: null, relu: false });
    } else if (node.op === 'Add' || node.op === 'Relu') {
      for (const input of node.inputs) {
        const chain = chains.get(input);
        if (!chain || lowering.uses.get(input) !== 1) continue;
        const extended = node.op === 'Relu' ? { ...chain, relu: true } : withBias(chain, otherThan(node.inputs, input));
        if (!extended || chain.relu) continue;
        absorbed.add(input);
        chains.set(value, extended);
        break;
      }
    }
  }
  for (const [value, chain] of chains) if (value !== chain.convolution) lowering.tails.set(value, chain);
  return absorbed;
}

function otherThan(inputs: readonly Value[], one: Value): Value {
  return inputs[0] === one ? inputs[1]! : inputs[0]!;
}

function withBias(chain: ConvolutionTail, other: Value): ConvolutionTail | null {
  const channels = chain.convolution.shape[3]!;
  const isVector = other.size === channels && other.shape[other.shape.length - 1] === channels && other.splat === null;
  return isVector && chain.bias === null ? { ...chain, bias: other } : null;
}
