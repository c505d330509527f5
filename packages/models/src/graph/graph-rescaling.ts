import type { Tensor } from '@tensorflow/tfjs-core';
import type { GraphNode } from './graph-nodes.js';

/** Steps that keep an input what it is, but for a shift. */
const passing = ['Identity', 'Cast', 'Add', 'AddV2', 'BiasAdd', 'Sub'];

/** The constant that a graph multiplies its input with, as Keras' Rescaling layer becomes; undefined when it begins with something else. */
export async function firstFactor(
  nodes: ReadonlyMap<string, GraphNode>,
  weights: Readonly<Record<string, readonly Tensor[]>>,
): Promise<number | undefined> {
  let at = [...nodes.values()].find(({ op }) => op === 'Placeholder')?.name;
  for (let steps = 0; at !== undefined && steps < 6; steps++) {
    const users: GraphNode[] = [...nodes.values()].filter(({ input }) => input.includes(at!));
    const [next] = users;
    if (next === undefined || users.length > 1) return undefined;
    if (next.op === 'Mul' || next.op === 'RealDiv') {
      const constant = weights[next.input.find((name) => name !== at) ?? '']?.[0];
      if (constant?.size !== 1) return undefined;
      const [value] = await constant.data();
      return next.op === 'Mul' ? value : 1 / value!;
    }
    at = passing.includes(next.op) ? next.name : undefined;
  }
  return undefined;
}
