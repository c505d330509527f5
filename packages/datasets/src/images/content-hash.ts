import { createHash } from 'node:crypto';
import type { AttachedExtras } from './extras.js';
import type { ImageBytes } from './image-dataset.js';

/** SHA-256 of what the batches are made from, computed on the first call and then remembered. */
export function contentDigest({ images, labels, shape, numClasses }: ImageBytes): () => string {
  let digest: string | undefined;
  return () =>
    (digest ??= createHash('sha256')
      .update(JSON.stringify({ shape, numClasses, count: labels.length }))
      .update(littleEndian(Int32Array.from(labels)))
      .update(images)
      .digest('hex'));
}

/** SHA-256 of content, selected positions in their order, and the extras' names, types and shapes. */
export function selectionHash(content: string, positions: Int32Array, extras: readonly AttachedExtras[]): string {
  const described = extras.map(({ name, tensor }) => ({ name, dtype: tensor.dtype, row: tensor.shape.slice(1) }));
  return createHash('sha256')
    .update(JSON.stringify({ content, extras: described }))
    .update(littleEndian(positions))
    .digest('hex');
}

/** The same bytes on every machine. */
function littleEndian(values: Int32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(values.byteLength));
  values.forEach((value, i) => bytes.setInt32(4 * i, value, true));
  return new Uint8Array(bytes.buffer);
}
