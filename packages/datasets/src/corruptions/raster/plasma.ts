/** Side of the square map that covers a picture: the next power of two. */
export function plasmaSide(height: number, width: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(height, width)));
}

/**
 * A plasma fractal from 0 to 1 by the diamond-square algorithm on a torus: each new point is the mean of four neighbours plus noise whose range is divided by
 * `decay` squared from one grid to the next finer one.
 *
 * @param side A power of two.
 * @param noise [side * side], uniform in [0, 1); each point has its own place in it.
 */
export function plasma(side: number, decay: number, noise: ArrayLike<number>): Float64Array {
  const map = new Float64Array(side * side);
  const at = (row: number, column: number) => ((row + side) % side) * side + ((column + side) % side);
  let range = 100;
  for (let step = side; step >= 2; step /= 2, range /= decay) {
    const half = step / 2;
    const fill = (row: number, column: number, neighbours: readonly (readonly [number, number])[]) => {
      const place = at(row, column);
      const sum = neighbours.reduce((total, [down, right]) => total + map[at(row + down, column + right)]!, 0);
      map[place] = sum / 4 + range * range * (2 * noise[place]! - 1);
    };
    const corners = [-half, half].flatMap((down) => [-half, half].map((right) => [down, right] as const));
    const sides = [-half, half].flatMap((far) => [[far, 0] as const, [0, far] as const]);
    for (let row = half; row < side; row += step)
      for (let column = half; column < side; column += step) fill(row, column, corners);
    for (let row = 0; row < side; row += step)
      for (let column = half; column < side; column += step) fill(row, column, sides);
    for (let row = half; row < side; row += step)
      for (let column = 0; column < side; column += step) fill(row, column, sides);
  }
  const low = map.reduce((least, value) => Math.min(least, value), Infinity);
  const high = map.reduce((most, value) => Math.max(most, value), -Infinity);
  return map.map((value) => (value - low) / (high - low));
}
