// One step of PGD-7 adversarial training through our engine (`fit`, PGD-AT, SGD with momentum, models of @advrob/models) against eager PyTorch, and where its
// time and memory go.
import { fileURLToPath } from 'node:url';
import { alternate, medians } from '../alternate.mjs';
import { startChild } from '../child.mjs';
import { requirePyTorch, startPyTorch } from '../pytorch.mjs';
import { assertSameWork } from '../same-work.mjs';
import { median, row } from '../statistics.mjs';

const ours = fileURLToPath(new URL('../peers/advrob-training.mjs', import.meta.url));
const startOurs = ({ subject }) => startChild(process.execPath, ['--expose-gc', ours, subject]);

const cases = [
  { name: 'SmallCNN PGD-7 training step, batch 128', net: 'smallcnn', batch: 128, steps: 1, limit: 1 },
  { name: 'ResNet-18 32x32 PGD-7 training step, batch 32', net: 'resnet18', batch: 32, steps: 1, limit: 1.2 },
];
const flat = { name: 'SmallCNN PGD-7 training, memory over 1,000 steps', net: 'smallcnn', batch: 8 };
const warmSteps = 500; // until the pools of the backend are filled
const flatSteps = 1000;
const growthLimit = 16; // megabytes of resident memory

export async function* run(options) {
  requirePyTorch(options);
  const pytorch = { start: () => startPyTorch('torch_training.py', options), kind: 'training', name: 'PyTorch' };
  const byHand = { start: () => startOurs(options), kind: 'byHand', name: 'the same in plain tfjs' };
  for (const each of cases) {
    if (options.wants(each.name)) yield* compare(each, options, pytorch);
    const engine = { ...each, name: `${each.name}, engine`, limit: undefined };
    if (options.isFirst && options.wants(engine.name)) yield* compare(engine, options, byHand);
  }
  if (options.isFirst && options.wants(flat.name)) yield* memoryOverSteps(options);
}

async function* compare({ name, net, batch, steps, limit }, options, against) {
  const mine = startOurs(options);
  const peer = against.start();
  try {
    const described = await mine.ask({ do: 'setup', case: `${net}/engine`, batch });
    const its = await peer.ask({ do: 'setup', case: `${net}/${against.kind}`, batch });
    assertSameWork(name, described, its);
    if (its.blas === 'reference')
      options.note(`${name}: PyTorch uses the slow reference BLAS: install libopenblas0-pthread or give --blas.`);
    const turns = await alternate(mine, peer, { steps, rounds: options.rounds });
    const [a, b] = [medians(turns.ours), medians(turns.peer)];
    yield row({
      name,
      ours: a.wallMs,
      peer: b.wallMs,
      unit: 'ms',
      limit,
      oursCpuMs: a.cpuMs,
      peerCpuMs: b.cpuMs,
      cpuRatio: Number((a.cpuMs / b.cpuMs).toPrecision(3)),
      ...(turns.ours[0].nativeMs !== undefined && shares(turns.ours, steps)),
      runs: options.rounds,
      stepsPerRun: steps,
      params: described.params,
      macs: described.macs,
      against: its.torch === undefined ? against.name : `${against.name} ${its.torch}`,
      ...(its.blas && { blas: its.blas }),
    });
  } finally {
    mine.close();
    peer.close();
  }
}

/** Where our step's time goes, in percent of its wall time: ONNX Runtime's native calls, and the backend's recording and lookup; the rest is tfjs and the engine. */
function shares(turns, steps) {
  const percent = (spent) =>
    Number(median(turns.map((turn) => (100 * spent(turn)) / steps / turn.wallMs)).toPrecision(3));
  return {
    nativePercent: percent(({ nativeMs }) => nativeMs),
    backendPercent: percent(({ recordMs, keyMs }) => recordMs + keyMs),
  };
}

/** Growth of resident memory between step 500 and step 1,500 of a run, after a collection; the peer is the limit. The number of tensors must not grow at all. */
async function* memoryOverSteps(options) {
  const mine = startOurs(options);
  try {
    await mine.ask({ do: 'setup', case: `${flat.net}/engine`, batch: flat.batch });
    const before = await mine.ask({ do: 'steps', count: warmSteps });
    const after = await mine.ask({ do: 'steps', count: flatSteps });
    yield row({
      name: flat.name,
      ours: Math.max(0, after.residentMb - before.residentMb),
      peer: growthLimit,
      unit: 'MB',
      limit: 1,
      // Losses wait as tensors until they are logged, every 50 steps: both counts are taken at the same distance from that.
      tensors: after.tensors - before.tensors,
      heapMb: Number((after.heapMb - before.heapMb).toPrecision(3)),
      runs: 1,
      against: 'the limit',
    });
  } finally {
    mine.close();
  }
}
