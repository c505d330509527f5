import { layers as kerasLayers } from '@tensorflow/tfjs-layers';

/** Runs `body` with a function that tells which layer of a LayersModel now runs. */
export function withLayerNames<T>(body: (place: () => string | undefined) => T): T {
  const layerClass = kerasLayers.Layer.prototype;
  const { apply } = layerClass;
  const running: string[] = [];
  layerClass.apply = function (this: { name: string }, ...given: Parameters<typeof apply>) {
    running.push(this.name);
    try {
      return apply.apply(this as never, given);
    } finally {
      running.pop();
    }
  };
  try {
    return body(() => {
      const name = running.at(-1);
      return name === undefined ? undefined : `layer '${name}'`;
    });
  } finally {
    layerClass.apply = apply;
  }
}
