import type { LayersModel } from '@tensorflow/tfjs-layers';
import { layersModelVariables } from './layers-variables.js';

/** Frees all variables of a LayersModel. Its own `dispose` keeps those of layers that are shared or lie in nested models. */
export function disposeLayersModel(model: LayersModel): void {
  const { weights, buffers } = layersModelVariables(model);
  for (const variable of [...Object.values(weights), ...Object.values(buffers)]) variable.dispose();
}
