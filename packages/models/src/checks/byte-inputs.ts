/** Factors by which models bring bytes to [0, 1] or [-1, 1]: 1/255, 1/256, 1/127.5, 1/128. */
const ofBytes = [255, 256, 127.5, 128];

/** Whether a model whose first step multiplies by `factor` expects bytes, values from 0 to 255. */
export function expectsBytes(factor: number): boolean {
  return ofBytes.some((most) => Math.abs(factor * most - 1) < 1e-3);
}

/** Where a model that expects bytes gets inputs in [0, 1], they are multiplied by 255 first. */
export const bytesFromUnit = { mean: 0, std: 1 / 255 } as const;
