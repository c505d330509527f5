// Memory of an evaluation of many examples, from its start to its record, and of merging its shards: node tooling/bench/memory.mjs [--examples 1000000]
// [--attacks 3] [--shards 16] [--batch 2000]. The model is a plane and the attacks cost nothing, so that what is measured is what is kept of each example.
// Each part is a process of its own, whose largest resident memory is told.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    examples: { type: 'string', default: '1000000' },
    attacks: { type: 'string', default: '3' },
    shards: { type: 'string', default: '16' },
    batch: { type: 'string', default: '2000' },
    part: { type: 'string' },
    folder: { type: 'string' },
  },
});
const [length, attacks, count, batchSize] = ['examples', 'attacks', 'shards', 'batch'].map((name) =>
  Number(values[name]),
);

if (values.part === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'advrob-memory-'));
  try {
    for (const part of ['single', 'resumed', 'shards', 'merged']) {
      const script = fileURLToPath(import.meta.url);
      const begun = performance.now();
      const args = [script, ...process.argv.slice(2), '--part', part, '--folder', folder];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${part} failed:\n${stderr}`);
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      console.log(`${part.padEnd(8)} ${stdout.trim()} MB at most, ${seconds} s`);
    }
    const megabytes = (name) => (statSync(join(folder, 'single', name)).size / 1e6).toFixed(0);
    console.log(
      `evaluation.jsonl ${megabytes('evaluation.jsonl')} MB, examples.jsonl ${megabytes('examples.jsonl')} MB`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
} else await work(values.part, values.folder);

async function work(part, folder) {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-cpu');
  await import('../../packages/core/dist/gradients.js');
  const { evaluate } = await import('../../packages/evaluation/dist/index.js');
  const { evaluateShard, mergeShards } = await import('../../packages/evaluation/dist/shards.js');
  await tf.setBackend('cpu');
  tf.enableProdMode();
  const storageIn = (name) => folderStorage(join(folder, name));
  const options = { model: plane(tf), data: points(tf), batchSize, attacks: Array.from({ length: attacks }, free) };
  const shards = Array.from({ length: count }, (_, index) => ({
    name: `shard ${index}`,
    share: { index, count },
    storage: storageIn(`shard-${index}`),
  }));
  if (part === 'single' || part === 'resumed') await evaluate({ ...options, storage: storageIn('single') });
  if (part === 'shards') for (const { share, storage } of shards) await evaluateShard({ ...options, storage }, share);
  if (part === 'merged') {
    await mergeShards(shards, storageIn('merged'));
    await evaluate({ ...options, storage: storageIn('merged') });
  }
  console.log((process.resourceUsage().maxRSS / 1000).toFixed(0));
}

/** As `fileStorage` of the command, without its care. */
function folderStorage(folder) {
  const { promises, mkdirSync } = process.getBuiltinModule('node:fs');
  mkdirSync(folder, { recursive: true });
  return {
    read: (name) => promises.readFile(join(folder, name)).catch(() => undefined),
    write: (name, bytes) => promises.writeFile(join(folder, name), bytes),
    append: (name, bytes) => promises.appendFile(join(folder, name), bytes),
    async writePieces(name, pieces) {
      const file = await promises.open(join(folder, name), 'w');
      for (const piece of pieces) await file.writeFile(piece);
      await file.close();
    },
  };
}

function plane(tf) {
  const kernel = tf.tensor2d([
    [-1, 1],
    [-1, 1],
  ]);
  return {
    inputShape: [2],
    numClasses: 2,
    bounds: [0, 1],
    weights: { kernel },
    logits: (x) => tf.add(tf.matMul(x, kernel), [1, -1]),
  };
}

/** Points that are all different, without holding them. */
function points(tf) {
  return {
    name: 'points',
    length,
    inputShape: [2],
    numClasses: 2,
    bounds: [0, 1],
    hash: `points ${length}`,
    async *batches({ size, from = 0 }) {
      for (let start = from; start < length; start += size) {
        const rows = Math.min(size, length - start);
        const values = Float32Array.from({ length: 2 * rows }, (_, i) => ((start * 2 + i) * 0.61803398875) % 1);
        yield {
          x: tf.tensor2d(values, [rows, 2]),
          y: tf.tensor1d(
            Int32Array.from({ length: rows }, (_, i) => Number(values[2 * i] + values[2 * i + 1] > 1)),
            'int32',
          ),
          ids: Int32Array.from({ length: rows }, (_, i) => start + i),
          extras: {},
        };
      }
    },
  };
}

/** An attack that finds something for every third example, at a distance with all its digits. */
function free(_, place) {
  const definition = { name: 'free', knowledge: 'scores', norms: ['linf'], budget: 'fixed', random: false };
  const run = async (_model, x, _y, _threat, { ids }) => {
    const success = Array.from(ids, (id) => (id + place) % 3 === 0);
    return {
      adversarial: x.clone(),
      success: Uint8Array.from(success, Number),
      prediction: Int32Array.from(ids, (id) => id % 2),
      fooledBy: success.map((isFooled) => (isFooled ? 'free' : null)),
      distance: Float64Array.from(ids, (id, i) => (success[i] ? (id * 0.1234567891) % 0.1 : 0)),
      queries: Int32Array.from(ids, (id) => 40 + (id % 7)),
      unconfirmed: 0,
      notFinite: { gradients: 0 },
      closest: Float64Array.from(ids, () => Infinity),
    };
  };
  return {
    attack: { name: 'free', definition, options: {}, run, maximize: async (_, x) => x.clone() },
    label: `free ${place}`,
    norm: 'linf',
    epsilon: 0.1,
  };
}
