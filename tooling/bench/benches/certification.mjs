// Certificates: bounds against forward passes and against CROWN by hand in PyTorch; the draws of randomised smoothing against the forward passes they take.
import { fileURLToPath } from 'node:url';
import { alternate, medians } from '../alternate.mjs';
import { startChild } from '../child.mjs';
import { useBackend } from '../peers/tfjs-backends.mjs';
import { requirePyTorch, startPyTorch } from '../pytorch.mjs';
import { assertSameWork } from '../same-work.mjs';
import { median, row } from '../statistics.mjs';

const work = fileURLToPath(new URL('../peers/certification-work.mjs', import.meta.url));

/** `limit`: all that is not a forward pass is to take a tenth of their time at most. */
const smoothings = [
  { name: 'smoothing, SmallCNN, 4096 draws', net: 'smallCnn', draws: 4096 },
  { name: 'smoothing, ResNet-18, 512 draws', net: 'resnet18', draws: 512 },
].map((each) => ({ ...each, limit: 1.1 }));
const mostRounds = 5;
const batch = 256;

export async function* run(options) {
  yield* smoothingRows(options);
  yield* boundsRows(options);
}

const intervals = 'IBP, SmallCNN, 512 images, in forward passes';
const crown = 'CROWN, SmallCNN, one image, all ten classes';

async function* boundsRows(options) {
  if (options.wants(intervals)) yield await againstForward(options);
  if (options.wants(crown)) yield await againstPyTorch(options);
}

/** Twenty forward passes are the most that intervals may cost. */
async function againstForward({ subject, rounds }) {
  const [ours, forward] = [0, 1].map(() => startChild(process.execPath, [work, subject]));
  try {
    await ours.ask({ do: 'setup', case: JSON.stringify({ method: 'ibp', epsilon: 0.1 }), batch: 512 });
    await forward.ask({ do: 'setup', case: JSON.stringify({ method: 'forward', epsilon: 0.1 }), batch: 512 });
    return judged(intervals, 20, await alternate(ours, forward, { steps: 1, rounds: Math.min(rounds, 5) }));
  } finally {
    ours.close();
    forward.close();
  }
}

async function againstPyTorch({ subject, rounds, ...options }) {
  requirePyTorch(options);
  const ours = startChild(process.execPath, [work, subject]);
  const peer = startPyTorch('torch_certification.py', options);
  try {
    // PyTorch's side does not cover rounding either.
    const asked = { method: 'crown', epsilon: 0.001, rounding: 'none' };
    const request = { do: 'setup', case: JSON.stringify(asked), batch: 1 };
    const [mine, its] = [await ours.ask(request), await peer.ask(request)];
    assertSameWork(crown, mine, its);
    const turns = await alternate(ours, peer, { steps: 1, rounds: Math.min(rounds, 3) });
    return { ...judged(crown, 1, turns), against: `PyTorch ${its.torch}, by hand`, bound: mine.loss };
  } finally {
    ours.close();
    peer.close();
  }
}

function judged(name, limit, turns) {
  const [a, b] = [medians(turns.ours), medians(turns.peer)];
  return row({ name, ours: a.wallMs, peer: b.wallMs, unit: 'ms', limit, ourCpuMs: a.cpuMs, peerCpuMs: b.cpuMs });
}

async function* smoothingRows(options) {
  if (!options.isFirst) return;
  const wanted = smoothings.filter(({ name }) => options.wants(name));
  if (wanted.length === 0) return;
  await useBackend(await import('@tensorflow/tfjs-core'), options.subject);
  for (const each of wanted) yield await smoothingRow(each, options);
}

async function smoothingRow({ name, net, draws, limit }, { rounds, note }) {
  const tf = await import('@tensorflow/tfjs-core');
  const models = await import('../../../packages/models/dist/index.js');
  const { smoothedClassifier } = await import('../../../packages/certification/dist/index.js');
  const { labelsOf } = await import('../../../packages/core/dist/rows.js');
  const model = models[net]()(0);
  const smoothed = smoothedClassifier(model, { select: batch, draws: [draws], batch });
  const x = tf.fill([1, ...model.inputShape], 0.5);
  const noisy = tf.randomNormal([batch, ...model.inputShape]);
  const certify = () => smoothed.certify(x);
  const forward = async () => {
    for (let done = 0; done < batch + draws; done += batch) {
      const labels = tf.tidy(() => labelsOf(model.logits(noisy)));
      await labels.data();
      labels.dispose();
    }
  };
  const seconds = { certify: [], forward: [] };
  for (let turn = 0; turn <= Math.min(rounds, mostRounds); turn++)
    for (const [side, work] of Object.entries({ certify, forward })) {
      const begun = performance.now();
      await work();
      // The first turn compiles.
      if (turn > 0) seconds[side].push((performance.now() - begun) / 1000);
    }
  tf.dispose([x, noisy]);
  model.dispose?.();
  const [ours, peer] = [median(seconds.certify), median(seconds.forward)];
  note(`${name}: ${((1e6 * ours) / (batch + draws)).toFixed(0)} µs a draw`);
  return row({ name, ours, peer, unit: 's', limit, runs: seconds.certify.length, against: 'forward passes alone' });
}
