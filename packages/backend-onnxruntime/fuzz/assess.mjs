import { isLegal, staysExact } from './legal.mjs';
import { leafData } from './leaves.mjs';
import { describe } from './meta.mjs';
import { opsByName } from './ops/index.mjs';

const rounds = (values) => values.some((value) => Number.isFinite(value) && !Number.isInteger(value * 4));

/**
 * What is known of every value of the program in one of its repeats, from a run on the cpu backend (which must be current), or undefined
 * when the changed data made some op ill conditioned or illegal, so that the two backends need not agree.
 */
export async function assess(tf, program, repeat) {
  const tensors = [];
  const metas = [];
  const values = [];
  try {
    for (const [id, node] of program.nodes.entries()) {
      const inputs = node.kind === 'op' ? node.inputs.map((input) => metas[input]) : [];
      let exact;
      if (node.kind === 'leaf') {
        const numbers = leafData(program, id, repeat);
        tensors.push(tf.tensor(numbers, node.shape, node.dtype));
        exact = node.dtype !== 'float32' || !rounds(numbers);
      } else {
        const op = opsByName.get(node.op);
        if (!isLegal(op, inputs, node.attrs, program.traits)) return undefined;
        const arguments_ = node.inputs.map((input) => tensors[input]);
        tensors.push(tf.tidy(() => op.run(tf, arguments_, node.attrs)));
        exact = staysExact(op, inputs, node.attrs);
      }
      const result = tensors.at(-1);
      const { shape, dtype } = result;
      const data = await result.data();
      values.push({ shape, dtype, data });
      metas.push(describe(shape, dtype, data, exact));
      if (!metas.at(-1).finite && !program.traits.nonfinite) return undefined;
      if (dtype === 'int32' && !metas.at(-1).exact) return undefined;
    }
    return { metas, values };
  } catch {
    return undefined; // a shrunken program that cpu refuses
  } finally {
    tf.dispose(tensors);
  }
}
