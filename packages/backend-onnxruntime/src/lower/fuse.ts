import type { Value } from '../ir/value.js';
import { lowerConvolution, type ConvolutionTail } from './convolution/convolution.js';
import { lowerGroupedConvolution } from './convolution/grouped.js';
import type { Lowering } from './lowering.js';
import { extended, lowerScaledImage, scaledImageOf, type ScaledImage } from './scaled-image.js';

/** What is lowered together with the ops before it. */
export interface Fusion {
  /** How the last value of each chain is lowered, with all before it. */
  readonly chains: ReadonlyMap<Value, (lowering: Lowering, value: Value) => void>;
  /** The values inside chains, which are never needed on their own. */
  readonly absorbed: ReadonlySet<Value>;
}

/** Convolutions that take what follows them along. */
const convolutions: Readonly<Record<string, typeof lowerConvolution>> = {
  Conv2D: lowerConvolution,
  DepthwiseConv2D: lowerGroupedConvolution,
  GroupedConv2D: lowerGroupedConvolution,
};

interface Recorded {
  readonly order: readonly Value[];
  readonly results: readonly Value[];
}

/** Finds chains of ops that one op of ONNX Runtime computes, with the bits of the separate ones. */
export function fuse(recorded: Recorded, blockSize: number): Fusion {
  const uses = countUses(recorded);
  const absorbed = new Set<Value>();
  const tails = convolutionTails(recorded.order, uses, absorbed);
  const scaledImages = blockSize > 0 ? findScaledImages(recorded.order, uses, tails, absorbed) : [];
  const chains = new Map<Value, (lowering: Lowering, value: Value) => void>();
  for (const [last, tail] of tails) {
    const lower = convolutions[tail.convolution.node!.op]!;
    chains.set(last, (lowering, value) => lower(lowering, value, tail));
  }
  for (const [last, scaled] of scaledImages) chains.set(last, (lowering) => lowerScaledImage(lowering, scaled));
  return { chains, absorbed };
}

type Uses = ReadonlyMap<Value, number>;

/** How often each value is used inside the graph; being a result counts as a use. */
function countUses({ order, results }: Recorded): Uses {
  const uses = new Map<Value, number>();
  const count = (value: Value): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const value of order) value.node?.inputs.forEach(count);
  results.forEach(count);
  return uses;
}

/**
 * Convolutions whose only user adds a channel vector and maybe applies relu, by the last op of the
 * chain. The bits stay those of separate ops: ONNX Runtime adds the bias to the finished sum (a
 * test holds it to that).
 */
function convolutionTails(order: readonly Value[], uses: Uses, absorbed: Set<Value>): Map<Value, ConvolutionTail> {
  const tails = new Map<Value, ConvolutionTail>();
  for (const value of order) {
    const node = value.node;
    if (!node) continue;
    if (node.op in convolutions) {
      tails.set(value, { convolution: value, bias: null, relu: false });
    } else if (node.op === 'Add' || node.op === 'Relu') {
      for (const input of node.inputs) {
        const tail = tails.get(input);
        if (!tail || uses.get(input) !== 1) continue;
        const longer = node.op === 'Relu' ? { ...tail, relu: true } : withBias(tail, otherThan(node.inputs, input));
        if (!longer || tail.relu) continue;
        absorbed.add(input);
        tails.set(value, longer);
        break;
      }
    }
  }
  for (const [value, tail] of tails) if (value === tail.convolution || absorbed.has(value)) tails.delete(value);
  return tails;
}

function withBias(tail: ConvolutionTail, other: Value): ConvolutionTail | null {
  const channels = tail.convolution.shape[3]!;
  const isVector = other.size === channels && other.shape[other.shape.length - 1] === channels && other.splat === null;
  return isVector && tail.bias === null ? { ...tail, bias: other } : null;
}

function otherThan(inputs: readonly Value[], one: Value): Value {
  return inputs[0] === one ? inputs[1]! : inputs[0]!;
}

/**
 * Chains of ops on an image whose values have no other user (see scaled-image.ts), by the last op.
 */
function findScaledImages(
  order: readonly Value[],
  uses: Uses,
  tails: ReadonlyMap<Value, ConvolutionTail>,
  absorbed: Set<Value>,
): Map<Value, ScaledImage> {
  const scaledImages = new Map<Value, ScaledImage>();
  for (const value of order) {
    if (!value.node || absorbed.has(value) || tails.has(value)) continue;
    const found = extendedOne(scaledImages, uses, value) ?? scaledImageOf(value);
    if (!found) continue;
    const inner = found.ops[found.ops.length - 2];
    if (inner) {
      scaledImages.delete(inner);
      absorbed.add(inner);
    }
    scaledImages.set(value, found);
  }
  return scaledImages;
}

/**
 * The scaled image that `value` goes on with, the last one first: what was computed before can be
 * added to it.
 */
function extendedOne(scaledImages: ReadonlyMap<Value, ScaledImage>, uses: Uses, value: Value): ScaledImage | null {
  const { inputs } = value.node!;
  for (const input of [...inputs].reverse()) {
    const scaled = scaledImages.get(input);
    if (!scaled || uses.get(input) !== 1) continue;
    const found = extended(scaled, value, inputs.length === 2 ? otherThan(inputs, input) : undefined);
    if (found) return found;
  }
  return null;
}
