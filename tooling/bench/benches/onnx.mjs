// PGD steps through networks that PyTorch exported to ONNX: imported, against PyTorch itself and against our own architecture.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, medians } from '../alternate.mjs';
import { startChild } from '../child.mjs';
import { requirePyTorch, startPyTorch } from '../pytorch.mjs';
import { assertSameWork } from '../same-work.mjs';
import { row } from '../statistics.mjs';

const peer = (script) => fileURLToPath(new URL(`../peers/${script}`, import.meta.url));

const cases = [
  {
    name: 'ResNet-18 32x32',
    net: 'resnet18',
    batch: 32,
    steps: 1,
    limit: 0.95,
    own: { work: 'resnet18/pgd', limit: 1 },
  },
  { name: 'ViT 32x32', net: 'vit', batch: 32, steps: 4, limit: 0.6 },
  { name: 'MobileNetV2 96x96', net: 'mobilenet_v2', batch: 32, steps: 1, limit: 1 },
  { name: 'ResNeXt-50 64x64', net: 'resnext50_32x4d', batch: 32, steps: 1, limit: 1 },
  { name: 'LeNet 28x28', net: 'lenet', batch: 32, steps: 40, limit: 1 },
];

export async function* run(options) {
  requirePyTorch(options);
  const folder = mkdtempSync(join(tmpdir(), 'advrob-bench-'));
  try {
    for (const each of cases) {
      const names = [`${each.name} imported, PGD step, batch ${each.batch}`, `${each.name} imported against our own`];
      if (names.some((name) => options.wants(name)))
        yield* compare(each, names, join(folder, `${each.net}.onnx`), options);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function* compare({ net, batch, steps, limit, own }, [name, ownName], file, options) {
  const { subject, rounds } = options;
  const ours = startChild(process.execPath, [peer('onnx-work.mjs'), subject]);
  const torch = startPyTorch('torch_onnx.py', options);
  try {
    const its = await torch.ask({ do: 'setup', case: `${net}@${file}`, batch });
    const mine = await ours.ask({ do: 'setup', case: `${its.shape.join()}@${file}`, batch });
    // Batch norms are folded in the file: parameters are not the same numbers.
    assertSameWork(name, { ...mine, params: its.params, macs: its.macs }, its);
    const facts = { runs: rounds, stepsPerRun: steps, params: its.params, macs: its.macs };
    if (options.wants(name)) {
      const turns = await alternate(ours, torch, { steps, rounds });
      const peerFacts = { against: `PyTorch ${its.torch}`, blas: its.blas, loadMs: Math.round(mine.loadMs) };
      yield judged({ name, limit, ...facts, ...peerFacts }, turns);
    }
    torch.close();
    if (!own || !options.wants(ownName)) return;
    const architecture = startChild(process.execPath, [peer('tfjs-work.mjs'), subject]);
    try {
      const theirs = await architecture.ask({ do: 'setup', case: own.work, batch });
      assertSameWork(ownName, { ...mine, params: theirs.params, macs: theirs.macs }, theirs);
      const turns = await alternate(ours, architecture, { steps, rounds });
      yield judged({ name: ownName, limit: own.limit, ...facts, against: 'our own architecture' }, turns);
    } finally {
      architecture.close();
    }
  } finally {
    ours.close();
    torch.close();
  }
}

function judged(facts, turns) {
  const [a, b] = [medians(turns.ours), medians(turns.peer)];
  const cpu = { oursCpuMs: a.cpuMs, peerCpuMs: b.cpuMs, cpuRatio: Number((a.cpuMs / b.cpuMs).toPrecision(3)) };
  return row({ ours: a.wallMs, peer: b.wallMs, unit: 'ms', ...facts, ...cpu });
}
