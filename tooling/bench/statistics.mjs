/** The middle value; the mean of the two middle ones of an even number. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const places = (value) => Number(value.toPrecision(4));

/**
 * A row of a bench: lower is better, `ratio` is ours / peer, and `limit`, where there is one, is the largest ratio asked for.
 * Other fields (CPU time, what the peer is) pass through.
 */
export function row({ name, ours, peer, unit, limit, ...rest }) {
  const ratio = ours / peer;
  const judged = limit === undefined ? {} : { limit, isWithin: ratio <= limit };
  return { name, ours: places(ours), peer: places(peer), unit, ratio: places(ratio), ...judged, ...rest };
}
