import type { LayersModel } from '@tensorflow/tfjs-layers';

/** The factor of a Rescaling layer right after the input, of nested models too; undefined when the model begins with another layer. */
export function firstRescaling(model: LayersModel): number | undefined {
  const first = model.layers.find((layer) => layer.getClassName() !== 'InputLayer');
  if (first === undefined) return undefined;
  if ('layers' in first) return firstRescaling(first as LayersModel);
  const scale = first.getClassName() === 'Rescaling' ? first.getConfig()['scale'] : undefined;
  return typeof scale === 'number' ? scale : undefined;
}
