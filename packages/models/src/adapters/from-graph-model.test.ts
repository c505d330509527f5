import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModelSync } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { graphFiles } from '../../test/graph-files.js';
import { fromGraphModel } from './from-graph-model.js';

const bounds = [0, 1] as const;

function plainGraph() {
  const files = graphFiles();
  const json = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as Record<string, never>;
  return loadGraphModelSync([json as never, files.get('group1-shard1of1.bin')!.buffer as ArrayBuffer]);
}

describe('a GraphModel', () => {
  it('refuses probabilities that were not announced, and takes a named node', async () => {
    const graph = plainGraph();
    await expect(fromGraphModel(graph, { bounds })).rejects.toMatchObject({ code: 'ADVROB_PROBABILITIES' });
    const [named, announced] = [
      await fromGraphModel(graph, { bounds, node: 'logits' }),
      await fromGraphModel(graph, { bounds, outputs: 'probabilities' }),
    ];
    const x = tf.randomUniform([2, 6, 6, 1], 0, 1, 'float32', 2);
    const [a, b] = await Promise.all([named, announced].map((model) => tf.logSoftmax(model.logits(x)).data()));
    a!.forEach((value, i) => expect(b![i]).toBeCloseTo(value, 5));
  });
});
