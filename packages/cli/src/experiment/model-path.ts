import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Weights that a training leaves in its folder, the ones to take first. */
const leftByTraining: readonly string[] = ['weights.safetensors', 'last.safetensors'];

/** Where a model is: the path itself, or the weights in a folder that a training wrote. Undefined when there is nothing. */
export async function findModelFile(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory() || (await exists(join(path, 'model.json')))) return found && path;
  for (const name of leftByTraining) if (await exists(join(path, name))) return join(path, name);
  return path;
}

/** What to call a model: its file or folder; of weights that a training left, the folder they are in. */
export function modelName(path: string): string {
  const name = basename(resolve(path));
  const isCommon = /^(weights|last|best|averaged)\.safetensors$/.test(name);
  return isCommon ? basename(dirname(resolve(path))) : name;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
