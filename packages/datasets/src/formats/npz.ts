import { AdvrobError } from '@advrob/core';
import { isNpy, parseNpy, type NpyArray } from './npy.js';
import { unzip } from './zip.js';

/**
 * The arrays `keys` of an `.npz` archive (`numpy.savez`, compressed or not).
 *
 * @param maxBytes Largest size of these arrays together after decompression.
 * @throws AdvrobError `ADVROB_DATA_MISSING` when one is not there; the message lists what is. Else
 *   as {@link unzip} and {@link parseNpy}.
 */
export async function readNpz<K extends string>(
  bytes: Uint8Array,
  keys: readonly K[],
  maxBytes: number,
  name = 'npz file',
): Promise<Record<K, NpyArray>> {
  if (isNpy(bytes))
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected an .npz archive, found a .npy file, which holds one array: save inputs and labels together with np.savez('data.npz', x_test=x, y_test=y)`,
    );
  const present: string[] = [];
  const isWanted = (file: string) => {
    present.push(file.replace(/\.npy$/, ''));
    return (keys as readonly string[]).includes(present.at(-1)!);
  };
  const files = await unzip(bytes, maxBytes, isWanted, name);
  const arrays = keys.map((key) => {
    const content = files.get(`${key}.npy`) ?? files.get(key);
    if (content === undefined)
      throw new AdvrobError(
        'ADVROB_DATA_MISSING',
        `${name}: expected an array '${key}', found ${present.slice(0, 20).join(', ') || 'none'}: name the right ones, for the data set npz with trainInputs, trainLabels, testInputs and testLabels (on the command line --set npz.testInputs=<name>)`,
      );
    return [key, parseNpy(content, `${name}, array ${key}`)] as const;
  });
  return Object.fromEntries(arrays) as Record<K, NpyArray>;
}
