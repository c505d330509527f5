// Certificates: bounds against forward passes, and against CROWN by hand in PyTorch.
import { fileURLToPath } from 'node:url';
import { alternate, medians } from '../alternate.mjs';
import { startChild } from '../child.mjs';
import { requirePyTorch, startPyTorch } from '../pytorch.mjs';
import { assertSameWork } from '../same-work.mjs';
import { row } from '../statistics.mjs';

const work = fileURLToPath(new URL('../peers/certification-work.mjs', import.meta.url));

export async function* run(options) {
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
  requirePyTorch();
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
