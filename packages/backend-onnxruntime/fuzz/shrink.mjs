import { check } from './check.mjs';
import { prune } from './prune.mjs';

const budget = 150;

/** Makes a failing program smaller while it still fails, greedily; returns it with its failure. */
export async function shrink(tf, subject, first) {
  let smallest = first;
  let tries = 0;
  for (let improved = true; improved && tries < budget;) {
    improved = false;
    for (const candidate of candidates(smallest)) {
      if (++tries > budget) break;
      const found = await check(tf, subject, candidate);
      if (found === undefined) continue;
      smallest = { program: candidate, ...found };
      improved = true;
      break;
    }
  }
  return smallest;
}

/** Simpler programs: fewer outputs, a plainer style, an op replaced by cpu's numbers for it, ones for numbers. */
function* candidates({ program, values }) {
  const { outputs, style, nodes } = program;
  if (program.kind === 'forward' && outputs.length > 1) {
    for (const id of outputs) yield prune({ ...program, outputs: [id] });
  }
  if (style.repeats > 1) yield { ...program, style: { ...style, repeats: style.repeats > 2 ? 2 : 1 } };
  if (style.changing.length > 0) yield { ...program, style: { ...style, changing: [] } };
  if (style.readsEarly.length > 0) yield { ...program, style: { ...style, readsEarly: [] } };
  if (!style.tidy) yield { ...program, style: { ...style, tidy: true, readsEarly: [] } };
  if (style.sync) yield { ...program, style: { ...style, sync: false } };
  if (program.kind === 'optimizer') yield { ...program, kind: 'gradient' };
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (nodes[id].kind === 'leaf' || id === program.y || (outputs.includes(id) && outputs.length === 1)) continue;
    yield prune({ ...program, nodes: nodes.with(id, asLeaf(values[id])) });
  }
  for (const [id, node] of nodes.entries()) {
    if (node.kind === 'leaf' && node.data.some((value) => value !== 1)) {
      yield { ...program, nodes: nodes.with(id, { ...node, data: node.data.map(() => 1) }) };
    }
  }
}

const asLeaf = ({ shape, dtype, data }) => ({ kind: 'leaf', shape, dtype, data: [...data] });
