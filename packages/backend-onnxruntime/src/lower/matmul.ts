import { sizeOf } from '../ir/shape.js';
import type { Value } from '../ir/value.js';
import { microsoft } from '../onnx/builder.js';
import { defineLowering } from './define.js';
import type { Lowering } from './lowering.js';

/** Matrix product over the last two axes; int32 goes through float64, which holds it exactly. */
defineLowering('MatMul', (lowering, value, node) => {
  const [a, b] = node.inputs as [Value, Value];
  const { graph } = lowering;
  const transposeA = node.attributes['transposeA'] === true;
  const transposeB = node.attributes['transposeB'] === true;
  const isFloat = value.dtype === 'float32';
  const operand = (x: Value): string => (isFloat ? lowering.plain(x) : lowering.cast(lowering.plain(x), 'float64'));
  let name: string;
  if (sizeOf(value.shape.slice(0, -2)) === 1) {
    const flat = (x: Value): string =>
      x.shape.length === 2 ? operand(x) : graph.reshape(operand(x), x.shape.slice(-2));
    name = graph.emit('Gemm', [flat(a), flat(b)], { transA: Number(transposeA), transB: Number(transposeB) });
    if (value.shape.length !== 2) name = graph.reshape(name, value.shape);
  } else if (isFloat && (transposeA || transposeB) && lowering.blockSize > 0) {
    // Like the blocked ops, on the CPU only.
    name = graph.emit(
      'FusedMatMul',
      [operand(a), operand(b)],
      { transA: Number(transposeA), transB: Number(transposeB) },
      microsoft,
    );
  } else {
    name = graph.emit('MatMul', [
      transposed(lowering, operand(a), a, transposeA),
      transposed(lowering, operand(b), b, transposeB),
    ]);
  }
  lowering.provide(value, 'tfjs', isFloat ? name : lowering.cast(name, 'int32'));
});

function transposed(lowering: Lowering, name: string, value: Value, isTransposed: boolean): string {
  if (!isTransposed) return name;
  const rank = value.shape.length;
  const permutation = value.shape.map((_, axis) => axis);
  permutation[rank - 1] = rank - 2;
  permutation[rank - 2] = rank - 1;
  return lowering.graph.transpose(name, permutation);
}
