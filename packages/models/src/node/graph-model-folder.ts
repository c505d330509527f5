import type { Classifier } from '@advrob/core';
import type { FromGraphModelOptions } from '../graph/from-graph-model.js';
import { formatError } from '../tfjs-format/format-error.js';
import type { ModelFolder } from './model-folder.js';

/** A classifier out of a folder with a GraphModel. The converter is loaded only now, since most users do without it. */
export async function graphModelClassifier(
  { json, readShard, name }: ModelFolder,
  options: FromGraphModelOptions,
): Promise<Classifier> {
  const { loadGraphModelFiles } = await import('../graph/load-graph-model.js').catch((cause: unknown) => {
    throw formatError(name, 'a GraphModel needs a package: npm install @tensorflow/tfjs-converter', cause);
  });
  return loadGraphModelFiles(json, readShard, options, name);
}
