import type { Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/**
 * The trained and the other variables of a LayersModel, by the names that its file format uses.
 * They stay the model's.
 */
export function layersModelVariables(model: LayersModel): {
  readonly weights: Readonly<Record<string, Variable>>;
  readonly buffers: Readonly<Record<string, Variable>>;
} {
  const taken = new Set<string>();
  const named = (variables: LayersModel['trainableWeights']) =>
    Object.fromEntries(
      variables.map((variable) => [uniqueName(variable.originalName, taken), variable.read() as Variable]),
    );
  return { weights: named(model.trainableWeights), buffers: named(model.nonTrainableWeights) };
}

/** Nested models may repeat layer names. */
function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let copy = 2; taken.has(unique); copy++) unique = `${name}#${copy}`;
  taken.add(unique);
  return unique;
}

/**
 * Frees all variables of a LayersModel. Its own `dispose` keeps those of layers that are shared or
 * lie in nested models.
 */
export function disposeLayersModel(model: LayersModel): void {
  const { weights, buffers } = layersModelVariables(model);
  for (const variable of [...Object.values(weights), ...Object.values(buffers)]) variable.dispose();
}
