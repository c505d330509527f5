// The tfjs backend on ONNX Runtime against PyTorch and against tfjs' wasm backend, on the same nets with the same weights.
import { fileURLToPath } from 'node:url';
import { alternate, medians } from '../alternate.mjs';
import { startChild } from '../child.mjs';
import { requirePyTorch, startPyTorch } from '../pytorch.mjs';
import { assertSameWork } from '../same-work.mjs';
import { median, row } from '../statistics.mjs';

const tfjs = fileURLToPath(new URL('../peers/tfjs-work.mjs', import.meta.url));
const startTfjs = (backend) => startChild(process.execPath, [tfjs, backend]);

/** Steps per turn are chosen so that a turn takes some tenths of a second on each side. */
const cases = [
  { name: 'SmallCNN PGD step, batch 128', work: 'smallcnn/pgd', batch: 128, steps: 4, limit: 0.75 },
  { name: 'SmallCNN PGD step, batch 8', work: 'smallcnn/pgd', batch: 8, steps: 40, limit: 0.4 },
  { name: 'SmallCNN PGD step, batch 1', work: 'smallcnn/pgd', batch: 1, steps: 100, limit: 1 },
  { name: 'ResNet-18 32x32 PGD step, batch 32', work: 'resnet18/pgd', batch: 32, steps: 1, limit: 0.97 },
  { name: 'SmallCNN training step, batch 128', work: 'smallcnn/training', batch: 128, steps: 4, limit: 1 },
  { name: 'ResNet-18 training step, batch 32', work: 'resnet18/training', batch: 32, steps: 1, limit: 1.2, memory: 1 },
];
const overheadLimit = 6; // percent of a step at batch 32 or more
const sessionLimit = 30; // milliseconds
const sessionRuns = 5;
const wasm = { name: 'SmallCNN PGD step, batch 128, wasm', work: 'smallcnn/pgd', batch: 128, steps: 1, limit: 1 / 15 };

/** What `deterministic: true` costs: it against the default, which stands where the peer stands. */
const deterministic = [
  { name: 'SmallCNN PGD step, batch 128, deterministic', work: 'smallcnn/pgd', batch: 128, steps: 4, limit: 1.05 },
  {
    name: 'SmallCNN training step, batch 128, deterministic',
    work: 'smallcnn/training',
    batch: 128,
    steps: 4,
    limit: 1.05,
  },
];

export async function* run(options) {
  requirePyTorch(options);
  for (const each of cases) {
    if (options.wants(each.name))
      yield* compare(each, options, () => startPyTorch('torch_backend.py', options), 'PyTorch');
  }
  if (!options.isFirst) return;
  if (options.wants(wasm.name))
    yield* compare(wasm, { ...options, rounds: Math.min(5, options.rounds) }, () => startTfjs('wasm'), 'tfjs wasm');
  for (const each of options.subject === 'onnxruntime' ? deterministic : []) {
    if (options.wants(each.name))
      yield* compare(
        each,
        { ...options, subject: 'onnxruntime+deterministic' },
        () => startTfjs('onnxruntime'),
        'the default mode',
      );
  }
  if (options.wants(sessionName) && options.subject === 'onnxruntime') yield await sessionCreation(options);
}

async function* compare({ name, work, batch, steps, limit, memory }, { subject, rounds, note }, startPeer, against) {
  const ours = startTfjs(subject);
  const peer = startPeer();
  try {
    const request = { do: 'setup', case: work, batch };
    const [mine, its] = [await ours.ask(request), await peer.ask(request)];
    assertSameWork(name, mine, its);
    if (its.blas === 'reference') {
      note(
        `${name}: PyTorch uses the slow reference BLAS, so its small batches are not at their best; install libopenblas0-pthread or give --blas.`,
      );
    }
    const turns = await alternate(ours, peer, { steps, rounds });
    const [a, b] = [medians(turns.ours), medians(turns.peer)];
    const cpu = { oursCpuMs: a.cpuMs, peerCpuMs: b.cpuMs, cpuRatio: Number((a.cpuMs / b.cpuMs).toPrecision(3)) };
    const facts = {
      runs: rounds,
      stepsPerRun: steps,
      params: mine.params,
      macs: mine.macs,
      against: its.torch === undefined ? against : `${against} ${its.torch}`,
      ...(its.blas && { blas: its.blas }),
    };
    yield row({ name, ours: a.wallMs, peer: b.wallMs, unit: 'ms', limit, ...cpu, ...facts });
    if (turns.ours[0].nativeMs !== undefined && against === 'PyTorch' && batch >= 32) {
      yield overhead(name, turns.ours, steps, rounds);
    }
    if (memory !== undefined) {
      const [used, usedByPeer] = [(await ours.ask({ do: 'memory' })).peakGb, (await peer.ask({ do: 'memory' })).peakGb];
      yield {
        ...row({ name: `${name}, peak memory`, ours: used, peer: usedByPeer, unit: 'GB', runs: 1, against }),
        mostGb: memory,
        isWithin: used <= memory,
      };
    }
  } finally {
    ours.close();
    peer.close();
  }
}

/**
 * What a step spends outside ONNX Runtime's native call: tfjs itself, recording, lookup, handing over. The peer is the limit in percent.
 * `ownClock` is recording and lookup alone as the backend measures them.
 */
function overhead(name, turns, steps, rounds) {
  const share = median(turns.map(({ wallMs, nativeMs }) => 100 * (1 - nativeMs / steps / wallMs)));
  const ownClock = median(turns.map(({ wallMs, recordMs, keyMs }) => (100 * (recordMs + keyMs)) / steps / wallMs));
  return row({
    name: `${name}, outside native code`,
    ours: share,
    peer: overheadLimit,
    unit: '% of step',
    limit: 1,
    runs: rounds,
    ownClock: Number(ownClock.toPrecision(3)),
    against: 'the limit',
  });
}

const sessionName = 'SmallCNN PGD, session creation';

/** The time ONNX Runtime needs to create the sessions of the first step, each time in a new process. The peer is the limit. */
async function sessionCreation() {
  const times = [];
  for (let i = 0; i < sessionRuns; i++) {
    const child = startTfjs('onnxruntime');
    await child.ask({ do: 'setup', case: 'smallcnn/pgd', batch: 128 });
    const { sessionMs, sessions } = await child.ask({ do: 'steps', count: 1 });
    child.close();
    times.push({ sessionMs, sessions });
  }
  return row({
    name: sessionName,
    ours: median(times.map(({ sessionMs }) => sessionMs)),
    peer: sessionLimit,
    unit: 'ms',
    limit: 1,
    runs: sessionRuns,
    sessions: times[0].sessions,
    against: 'the limit',
  });
}
