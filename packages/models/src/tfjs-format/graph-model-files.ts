import { AdvrobError, type Classifier } from '@advrob/core';
import { loadGraphModelSync } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { fromGraphModel, type FromGraphModelOptions } from '../adapters/from-graph-model.js';
import { probabilitiesError } from '../checks/outputs.js';
import { normalizationOf } from '../layers/normalize.js';
import { formatError } from './format-error.js';
import { checkSizes, firstFactor, graphEnd } from './graph-nodes.js';
import { readModelJson, tfjsSpecs } from './manifest.js';
import { checkFinite, readShards, type ReadShard } from './shards.js';

/**
 * A classifier out of the model.json and the shards of a GraphModel, all checked against each other
 * before memory is taken for them. A softmax at its end is cut off, whatever `outputs` says; a
 * sigmoid with `outputs: 'probabilities'`, and else refused. When it begins by dividing bytes, as
 * Keras' Rescaling layer does, and bounds are [0, 1], inputs are multiplied by 255 first. `name` is
 * what messages call the file.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE` for a malformed model, control flow, or ops that tfjs
 *   lacks, `ADVROB_WEIGHTS_NOT_FINITE`, and those of {@link fromGraphModel}.
 * @example
 * ```ts
 * import { loadGraphModelFiles } from '@advrob/models/graph';
 *
 * const read = async (path: string) => new Uint8Array(await (await fetch(path)).arrayBuffer());
 * const model = await loadGraphModelFiles(await read('model.json'), read, { bounds: [0, 1] });
 * ```
 */
export async function loadGraphModelFiles(
  modelJson: Uint8Array,
  readShard: ReadShard,
  options: FromGraphModelOptions,
  name = 'model.json',
): Promise<Classifier> {
  const { topology, groups } = readModelJson(modelJson, name, 'graph-model');
  const { activation, nodes } = graphEnd(name, topology);
  if (activation?.name === 'sigmoid' && options.outputs !== 'probabilities' && options.node === undefined)
    throw probabilitiesError(`GraphModel ${name}`, 'its last activation is sigmoid');
  const parts = await Promise.all(groups.map((group) => readShards(name, group, readShard)));
  const weightSpecs = groups.flatMap(tfjsSpecs);
  const weightData = parts.map((part) => part.buffer as ArrayBuffer);
  const graph = build(name, { modelTopology: topology, weightSpecs, weightData });
  try {
    await checkFinite(
      name,
      Object.fromEntries(Object.entries(graph.weights).map(([weight, [tensor]]) => [weight, tensor!])),
    );
    await checkSizes(name, nodes, graph.weights);
    const end: Partial<FromGraphModelOptions> =
      activation === undefined ? {} : { node: activation.before, outputs: 'logits' };
    const input = normalizationOf(options, await firstFactor(nodes, graph.weights));
    const model = await fromGraphModel(graph, { ...options, ...input, ...(options.node === undefined ? end : {}) });
    return {
      ...model,
      dispose() {
        model.dispose!();
        graph.dispose();
      },
    };
  } catch (cause) {
    graph.dispose();
    if (!(cause instanceof AdvrobError)) throw unbuildable(name, cause);
    // An op that tfjs lacks shows when the graph is run first.
    throw cause.code === 'ADVROB_MODEL' ? unbuildable(name, cause.cause) : cause;
  }
}

function build(name: string, artifacts: tf.io.ModelArtifacts) {
  tf.engine().startScope();
  try {
    const graph = loadGraphModelSync(artifacts);
    for (const tensors of Object.values(graph.weights)) tensors.forEach((tensor) => tf.keep(tensor));
    return graph;
  } catch (cause) {
    throw unbuildable(name, cause);
  } finally {
    tf.engine().endScope();
  }
}

function unbuildable(name: string, cause: unknown): AdvrobError {
  return formatError(
    name,
    `tfjs-converter cannot run it: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  );
}
