import { createHash } from 'node:crypto';
import type { AttachedExtras } from './extras.js';

/** SHA-256 of what the batches are made from, computed on the first call and then remembered. */
export function contentDigest(
  header: { readonly shape: readonly number[]; readonly numClasses: number },
  labels: ArrayLike<number>,
  inputs: Uint8Array | Float32Array,
): () => string {
  let digest: string | undefined;
  return () =>
    (digest ??= createHash('sha256')
      .update(JSON.stringify({ ...header, count: labels.length }))
      .update(littleEndian(Int32Array.from(labels)))
      .update(inputs instanceof Uint8Array ? inputs : littleEndian(inputs))
      .digest('hex'));
}

/**
 * SHA-256 of content, selected positions in their order, and the extras' names, types and shapes.
 */
export function selectionHash(content: string, positions: Int32Array, extras: readonly AttachedExtras[]): string {
  const described = extras.map(({ name, tensor }) => ({ name, dtype: tensor.dtype, row: tensor.shape.slice(1) }));
  return createHash('sha256')
    .update(JSON.stringify({ content, extras: described }))
    .update(littleEndian(positions))
    .digest('hex');
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The same bytes on every machine. */
function littleEndian(values: Int32Array | Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return isLittleEndian ? bytes : new Uint8Array(Buffer.from(bytes).swap32());
}
