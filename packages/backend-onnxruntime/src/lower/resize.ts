import { sampling, samplingMatrix, type Sampling, type SamplingRule } from '../ir/sampling.js';
import type { Node, Value } from '../ir/value.js';
import { defineLowering } from './define.js';
import type { Lowering } from './lowering.js';

function ruleOf(node: Node): SamplingRule {
  return node.attributes as unknown as SamplingRule;
}

/**
 * Columns, then rows, each as picks of two neighbours and a mix of them. ONNX' Resize computes
 * positions in 32 bits, which puts some of them on the other side of a pixel's border.
 */
defineLowering('Resize', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const [, height, width] = x.shape as [number, number, number];
  const [, toHeight, toWidth] = value.shape as [number, number, number];
  const columns = resampled(lowering, lowering.plain(x), 2, sampling(width, toWidth, ruleOf(node)));
  lowering.provide(value, 'tfjs', resampled(lowering, columns, 1, sampling(height, toHeight, ruleOf(node))));
});

function resampled(lowering: Lowering, name: string, axis: 1 | 2, { low, high, fractions }: Sampling): string {
  const { graph } = lowering;
  const pick = (rows: readonly number[]): string => graph.emit('Gather', [name, graph.indices(rows)], { axis });
  const first = pick(low);
  if (fractions.every((fraction) => fraction === 0)) return first;
  const shares = graph.constant('float32', axis === 1 ? [low.length, 1, 1] : [low.length, 1], fractions);
  const difference = graph.emit('Sub', [pick(high), first]);
  return graph.emit('Add', [first, graph.emit('Mul', [difference, shares])]);
}

/** The transposed map: products with the sampling matrices on both sides. */
defineLowering('ResizeGradient', (lowering, value, node) => {
  const dy = node.inputs[0] as Value;
  const { graph } = lowering;
  const [n, height, width, c] = value.shape as [number, number, number, number];
  const [, toHeight, toWidth] = dy.shape as [number, number, number];
  const matrix = (from: number, to: number): string =>
    graph.constant('float32', [from, to], samplingMatrix(sampling(from, to, ruleOf(node)), from));
  const lines = graph.reshape(lowering.form(dy, 'channelsFirst'), [n * c * toHeight, toWidth]);
  const columns = graph.emit('Gemm', [lines, matrix(width, toWidth)], { transB: 1 });
  const images = graph.reshape(columns, [n * c, toHeight, width]);
  const rows = graph.emit('MatMul', [matrix(height, toHeight), images]);
  lowering.provide(value, 'channelsFirst', graph.reshape(rows, [n, c, height, width]));
});
