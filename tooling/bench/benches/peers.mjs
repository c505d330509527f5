// Our attacks against those of torchattacks, foolbox, ART and AutoAttack's authors, as a user calls them: one network, the same images, the same budget.
// Needs these libraries in the interpreter named by --python: pip install torch torchattacks foolbox adversarial-robustness-toolbox pyautoattack onnx
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, medians } from '../alternate.mjs';
import { startChild } from '../child.mjs';
import { requirePyTorch, startPyTorch } from '../pytorch.mjs';
import { assertSameWork } from '../same-work.mjs';
import { row } from '../statistics.mjs';
import { testImages } from './attacks.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const stored = 200;

/** `by`: the libraries that have the attack. A turn is one attack on all examples. */
const attacks = [
  {
    name: 'PGD-40',
    by: ['torchattacks', 'foolbox', 'art'],
    work: { attack: 'pgd', examples: 200, norm: 'linf', epsilon: 0.3, options: { steps: 40, stepSize: 0.01 } },
    rounds: 5,
  },
  {
    name: 'C&W, 9 searches of 100 steps',
    by: ['torchattacks', 'foolbox', 'art'],
    work: { attack: 'cw', examples: 50, norm: 'l2', epsilon: null, options: { searches: 9, steps: 100 } },
    rounds: 1,
  },
  {
    name: 'DeepFool, 50 steps',
    by: ['torchattacks', 'foolbox', 'art'],
    work: { attack: 'deepfool', examples: 50, norm: 'l2', epsilon: null, options: { steps: 50 } },
    rounds: 3,
  },
  {
    name: 'Square, 500 queries',
    by: ['torchattacks', 'art'],
    work: { attack: 'square', examples: 100, norm: 'linf', epsilon: 0.3, options: { queries: 500 } },
    rounds: 3,
  },
  {
    name: 'HopSkipJump, 10 rounds',
    by: ['foolbox', 'art'],
    work: {
      attack: 'hopskipjump',
      examples: 20,
      norm: 'l2',
      epsilon: null,
      options: { steps: 10, directions: 100, mostDirections: 1000 },
    },
    rounds: 1,
  },
  {
    name: 'AutoAttack standard',
    by: ['pyautoattack'],
    work: { attack: 'autoattack', examples: 200, norm: 'linf', epsilon: 0.3, options: {} },
    rounds: 1,
    limit: 0.4,
  },
];
/** Names of the modules. */
const libraries = ['torchattacks', 'foolbox', 'art', 'pyautoattack'];
/** Half of the time of foolbox and ART was asked for; against torchattacks there is no such goal. */
const limits = { foolbox: 0.5, art: 0.5 };

export async function* run(options) {
  requirePyTorch({ ...options, modules: ['torch', ...libraries] });
  const folder = mkdtempSync(join(tmpdir(), 'advrob-bench-'));
  const env = {
    ADVROB_BENCH_WEIGHTS: path('../nets/lenet5-pgd.safetensors'),
    ADVROB_BENCH_IMAGES: join(folder, 'images.bin'),
  };
  try {
    writeFileSync(env.ADVROB_BENCH_IMAGES, await testImages(stored));
    for (const each of attacks)
      for (const library of each.by) {
        const name = `${each.name}, LeNet-5, ${each.work.examples} images, ${library}`;
        if (options.wants(name)) yield await compare(name, each, library, options, env);
      }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(name, { work, rounds, limit }, library, options, env) {
  const ours = startChild(process.execPath, [path('../peers/attack-work.mjs'), options.subject], { env });
  const peer = startPyTorch('torch_libraries.py', { ...options, env });
  try {
    const setup = (more) => ({ do: 'setup', case: JSON.stringify({ ...work, ...more }), batch: work.examples });
    const mine = await ours.ask(setup({ net: 'lenet5', dropping: true }));
    const its = await peer.ask(setup({ library }));
    assertSameWork(name, mine, its);
    const turns = await alternate(ours, peer, {
      steps: 1,
      rounds: Math.min(rounds, options.rounds),
      warmUps: rounds > 1 ? 1 : 0,
    });
    const [a, b] = [medians(turns.ours), medians(turns.peer)];
    const [found, foundByPeer] = [await ours.ask({ do: 'facts' }), await peer.ask({ do: 'facts' })];
    return row({
      name,
      ours: a.wallMs / 1000,
      peer: b.wallMs / 1000,
      unit: 's',
      limit: limit ?? limits[library],
      cpuRatio: Number((a.cpuMs / b.cpuMs).toPrecision(3)),
      runs: turns.ours.length,
      fooled: found.fooled,
      peerFooled: foundByPeer.fooled,
      distance: found.distance,
      peerDistance: foundByPeer.distance,
      against: `${library} ${its.version} on PyTorch ${its.torch}`,
      blas: its.blas,
    });
  } finally {
    ours.close();
    peer.close();
  }
}
