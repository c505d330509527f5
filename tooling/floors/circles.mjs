// Files that import each other in a circle cannot be read, tested or moved one at a time.

/**
 * The shortest circle of each group of files that reach each other, from its first file in order of names.
 *
 * @param {ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>} graph What each file takes from which others.
 * @returns {string[]} `a.ts -> b.ts (name, name) -> a.ts (name)`, in order.
 */
export function circlesOf(graph) {
  const files = [...graph.keys()].sort();
  const ways = new Map(files.map((file) => [file, shortestWays(graph, file)]));
  const grouped = new Set();
  return files.flatMap((file) => {
    if (grouped.has(file) || !ways.get(file).has(file)) return [];
    const group = files.filter((other) => ways.get(file).has(other) && ways.get(other).has(file));
    for (const each of group) grouped.add(each);
    const circles = group.map((start) => circleOf(ways.get(start), start));
    const shortest = circles.reduce((best, circle) => (circle.length < best.length ? circle : best));
    const isPart = shortest.length < group.length;
    return [described(graph, shortest) + (isPart ? ` (one of the circles of ${group.length} files)` : '')];
  });
}

/** Every file that can be reached from `start`, with the one before it on a shortest way. `start` is among them if it is on a circle. */
function shortestWays(graph, start) {
  const before = new Map();
  const waiting = [start];
  for (const file of waiting)
    for (const other of graph.get(file)?.keys() ?? [])
      if (!before.has(other)) {
        before.set(other, file);
        waiting.push(other);
      }
  return before;
}

function circleOf(before, start) {
  const circle = [start];
  for (let file = before.get(start); file !== start; file = before.get(file)) circle.splice(1, 0, file);
  return circle;
}

function described(graph, circle) {
  const steps = circle.map((file, i) => {
    const next = circle[(i + 1) % circle.length];
    return ` -> ${next} (${graph.get(file).get(next).join(', ') || 'side effects'})`;
  });
  return circle[0] + steps.join('');
}
