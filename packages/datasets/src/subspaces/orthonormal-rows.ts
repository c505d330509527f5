/** A row whose part outside of the span of the earlier ones is shorter than this share of it counts as dependent on them. */
const dependent = 1e-6;

/** An orthonormal basis of the span of the rows, in float64: Gram and Schmidt, each row twice, which is as exact as rounding allows. */
export function orthonormalRows(rows: readonly ArrayLike<number>[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const row of rows) {
    const rest = Float64Array.from(row);
    const length = norm(rest);
    for (let pass = 0; pass < 2; pass++)
      for (const unit of basis) {
        const along = dot(rest, unit);
        for (let i = 0; i < rest.length; i++) rest[i]! -= along * unit[i]!;
      }
    const left = norm(rest);
    if (!(left > dependent * length)) continue;
    basis.push(rest.map((value) => value / left));
  }
  return basis;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}
