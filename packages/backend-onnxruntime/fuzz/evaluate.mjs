import { differentiate, optimise } from './differentiate.mjs';
import { leafData } from './leaves.mjs';
import { opsByName } from './ops/index.mjs';

/**
 * Runs the program on the current backend in its own style and returns, for each repeat, what was read: { label, shape, dtype, data }.
 * Leaves that do not change between repeats stay the same tensors. `perturb(id, tensor)` may replace results (see sensitivity.mjs).
 */
export async function evaluate(tf, program, repeats, perturb = (_, tensor) => tensor) {
  const stable = new Map();
  const results = [];
  try {
    for (let repeat = 0; repeat < repeats; repeat++) results.push(await runOnce(tf, program, repeat, stable, perturb));
  } finally {
    tf.dispose([...stable.values()]);
  }
  return results;
}

async function runOnce(tf, program, repeat, stable, perturb) {
  const fresh = new Map();
  for (const [id, { kind, shape, dtype }] of program.nodes.entries()) {
    if (kind !== 'leaf' || stable.has(id)) continue;
    const owner = program.style.changing.includes(id) ? fresh : stable;
    owner.set(id, tf.tensor(leafData(program, id, repeat), shape, dtype));
  }
  const leaves = new Map([...stable, ...fresh]);
  try {
    if (program.kind === 'gradient') return await read(tf, program, differentiate(tf, program, leaves, perturb));
    if (program.kind === 'optimizer') return await read(tf, program, optimise(tf, program, leaves, perturb));
    return program.style.tidy
      ? await runTidy(tf, program, leaves, perturb)
      : await runLoose(tf, program, leaves, perturb);
  } finally {
    tf.dispose([...fresh.values()]);
  }
}

/** Computes all nodes into `values`, which holds the leaves already. */
export function runNodes(tf, program, values, perturb) {
  for (const [id, node] of program.nodes.entries()) {
    if (node.kind === 'op') values.set(id, runNode(tf, node, id, values, perturb));
  }
  return values;
}

function runNode(tf, node, id, values, perturb) {
  const inputs = node.inputs.map((input) => values.get(input));
  return perturb(id, opsByName.get(node.op).run(tf, inputs, node.attrs));
}

function runTidy(tf, program, leaves, perturb) {
  const named = tf.tidy(() => {
    const values = runNodes(tf, program, new Map(leaves), perturb);
    return Object.fromEntries(program.outputs.map((id) => [`value ${id}`, values.get(id)]));
  });
  return read(tf, program, named);
}

/** Without a tidy: some values are read on the way, and each is disposed after its last use. */
async function runLoose(tf, program, leaves, perturb) {
  const values = new Map(leaves);
  const lastUse = new Map();
  for (const [id, node] of program.nodes.entries()) for (const input of node.inputs ?? []) lastUse.set(input, id);
  const early = [];
  for (const [id, node] of program.nodes.entries()) {
    if (node.kind !== 'op') continue;
    values.set(
      id,
      tf.tidy(() => runNode(tf, node, id, values, perturb)),
    );
    if (program.style.readsEarly.includes(id)) early.push(await readOne(tf, program, `early ${id}`, values.get(id)));
    for (const input of new Set(node.inputs)) {
      const isOver = lastUse.get(input) === id && !program.outputs.includes(input) && !leaves.has(input);
      if (isOver) values.get(input).dispose();
    }
  }
  const outputs = Object.fromEntries(program.outputs.map((id) => [`value ${id}`, values.get(id)]));
  const unread = [...values].filter(
    ([id, tensor]) => !leaves.has(id) && !program.outputs.includes(id) && !tensor.isDisposed,
  );
  const late = await read(tf, program, outputs);
  tf.dispose(unread.map(([, tensor]) => tensor));
  return [...early, ...late];
}

async function read(tf, program, named) {
  const results = [];
  for (const [label, tensor] of Object.entries(named)) results.push(await readOne(tf, program, label, tensor));
  tf.dispose(named);
  return results;
}

async function readOne(tf, program, label, tensor) {
  const data = program.style.sync ? tf.engine().readSync(tensor.dataId) : await tensor.data();
  return { label, shape: tensor.shape, dtype: tensor.dtype, data: data.slice() };
}
