import { createDraft } from './draw.mjs';
import { isLegal, staysExact } from './legal.mjs';
import { describe } from './meta.mjs';
import { opGroups } from './ops/index.mjs';
import { prune } from './prune.mjs';
import { createRandom } from './random.mjs';

/**
 * Draws the program of a seed: nodes (leaves and ops), which of them are read, and how it is run. Every op is tried on the cpu backend while
 * the program grows, since only its numbers tell whether the next op is well conditioned on them. The current backend must be cpu.
 */
export async function generate(tf, seed) {
  const random = createRandom(seed);
  const kind = random.pick(['forward', 'forward', 'forward', 'gradient', 'gradient', 'optimizer']);
  const traits = {
    gradient: kind !== 'forward',
    nonfinite: kind === 'forward' && random.chance(0.2),
    zeroSizes: random.chance(0.2),
  };
  const draft = createDraft(random, traits);
  const tensors = [];
  const wanted = random.int(1, random.pick([3, 6, 12]));
  let done = 0;
  for (let attempt = 0; attempt < 40 + wanted * 6 && done < wanted; attempt++) {
    if (await tryOp(tf, draft, tensors, random.pick(random.pick(opGroups)))) done++;
  }
  tf.dispose(tensors);
  return prune(finish(seed, kind, draft));
}

/** Makes tensors of the leaves that have none yet. */
function realise(tf, draft, tensors) {
  for (let id = tensors.length; id < draft.nodes.length; id++) {
    const { shape, dtype, data } = draft.nodes[id];
    tensors.push(tf.tensor(data, shape, dtype));
  }
}

async function tryOp(tf, draft, tensors, op) {
  const { inputs, attrs } = op.draw(draft);
  realise(tf, draft, tensors);
  const metas = inputs.map((id) => draft.metas[id]);
  if (!isLegal(op, metas, attrs, draft.traits)) return false;
  let result;
  try {
    result = tf.tidy(() =>
      op.run(
        tf,
        inputs.map((id) => tensors[id]),
        attrs,
      ),
    );
  } catch {
    return false; // cpu refuses these arguments
  }
  const meta = describe(result.shape, result.dtype, await result.data(), staysExact(op, metas, attrs));
  const roundedInteger = meta.dtype === 'int32' && !meta.exact;
  const hasSizes = result.shape.every((size) => size >= 0); // tfjs lets windows larger than their input through
  if (!hasSizes || result.size > 4000 || roundedInteger || (!meta.finite && !draft.traits.nonfinite)) {
    result.dispose();
    return false;
  }
  draft.add({ kind: 'op', op: op.name, inputs, attrs }, meta);
  tensors.push(result);
  return true;
}

/** Decides what is read and differentiated, and in which style the program runs. */
function finish(seed, kind, draft) {
  const { random, nodes, metas } = draft;
  const isOp = nodes.flatMap((node, id) => (node.kind === 'op' ? [id] : []));
  const last = isOp.at(-1) ?? 0;
  const outputs = isOp.filter((id) => id === last || random.chance(0.3));
  const style = {
    tidy: random.chance(0.5),
    readsEarly: isOp.filter(() => random.chance(0.1)),
    sync: random.chance(0.3),
    repeats: random.pick([1, 1, 2, 4]),
    changing: nodes.flatMap((node, id) => (node.kind === 'leaf' && random.chance(0.5) ? [id] : [])),
  };
  const program = { seed, kind, nodes, outputs: nodes.length === 0 ? [] : outputs, style, traits: draft.traits };
  if (kind === 'forward' || isOp.length === 0) return { ...program, kind: 'forward' };
  const y = isOp.findLast((id) => metas[id].dtype === 'float32' && metas[id].size > 0);
  if (y === undefined) return { ...program, kind: 'forward' };
  const dy = draft.leaf(metas[y].shape, 'float32', { range: [-2, 2] });
  return { ...program, y, dy, outputs: [y] };
}
