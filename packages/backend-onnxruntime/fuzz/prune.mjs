/** The program without the nodes that nothing read depends on, renumbered. */
export function prune(program) {
  const needed = new Set(program.outputs);
  if (program.y !== undefined) needed.add(program.y).add(program.dy);
  for (let id = program.nodes.length - 1; id >= 0; id--) {
    if (needed.has(id)) for (const input of program.nodes[id].inputs ?? []) needed.add(input);
  }
  const kept = program.nodes.map((_, id) => id).filter((id) => needed.has(id));
  const renamed = new Map(kept.map((id, position) => [id, position]));
  const rename = (ids) => ids.flatMap((id) => (renamed.has(id) ? [renamed.get(id)] : []));
  return {
    ...program,
    nodes: kept.map((id) => {
      const node = program.nodes[id];
      return node.kind === 'op' ? { ...node, inputs: rename(node.inputs) } : node;
    }),
    outputs: rename(program.outputs),
    ...(program.y === undefined ? {} : { y: renamed.get(program.y), dy: renamed.get(program.dy) }),
    style: { ...program.style, readsEarly: rename(program.style.readsEarly), changing: rename(program.style.changing) },
  };
}
