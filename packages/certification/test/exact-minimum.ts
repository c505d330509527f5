import type { DenseLayer } from './nets.js';

type Point = readonly [number, number];
/** a x + b y + c */
type Affine = readonly [number, number, number];

/**
 * The exact minimum of row . logits of a ReLU net of two inputs over a box: each neuron's line cuts
 * the polygon in which the net so far is affine, so that every pattern of signs that occurs is met;
 * an affine function is smallest at a corner. In float64.
 */
export function exactMinimum(
  layers: readonly DenseLayer[],
  row: readonly number[],
  low: readonly number[],
  high: readonly number[],
): number {
  const box: Point[] = [
    [low[0]!, low[1]!],
    [high[0]!, low[1]!],
    [high[0]!, high[1]!],
    [low[0]!, high[1]!],
  ];
  const combine = (weights: readonly number[], values: readonly Affine[], c: number): Affine =>
    values.reduce<Affine>(
      ([a0, b0, c0], [a, b, d], i) => [a0 + weights[i]! * a, b0 + weights[i]! * b, c0 + weights[i]! * d],
      [0, 0, c],
    );
  const below = (polygon: readonly Point[], values: readonly Affine[], layer: number): number => {
    const { w, b } = layers[layer]!;
    const next = w.map((weights, i) => combine(weights, values, b[i]!));
    if (layer === layers.length - 1) {
      const f = combine(row, next, 0);
      return Math.min(...polygon.map((point) => at(f, point)));
    }
    const split = (part: readonly Point[], neuron: number, made: readonly Affine[]): number => {
      if (part.length === 0) return Infinity;
      if (neuron === next.length) return below(part, made, layer + 1);
      const f = next[neuron]!;
      const minus: Affine = [-f[0], -f[1], -f[2]];
      return Math.min(
        split(cut(part, f), neuron + 1, [...made, f]),
        split(cut(part, minus), neuron + 1, [...made, [0, 0, 0]]),
      );
    };
    return split(polygon, 0, []);
  };
  return below(
    box,
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
    0,
  );
}

const at = ([a, b, c]: Affine, [x, y]: Point): number => a * x + b * y + c;

/** The part of a convex polygon where f >= 0. */
function cut(polygon: readonly Point[], f: Affine): Point[] {
  return polygon.flatMap((point, i): Point[] => {
    const next = polygon[(i + 1) % polygon.length]!;
    const [here, there] = [at(f, point), at(f, next)];
    const kept: Point[] = here >= 0 ? [point] : [];
    if (here * there >= 0) return kept;
    const share = here / (here - there);
    return [...kept, [point[0] + share * (next[0] - point[0]), point[1] + share * (next[1] - point[1])]];
  });
}
