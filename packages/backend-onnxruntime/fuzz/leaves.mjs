/** A leaf's numbers in one repeat of the program: those of changing leaves are rotated by one place each time. */
export function leafData(program, id, repeat) {
  const { data } = program.nodes[id];
  if (repeat === 0 || data.length === 0 || !program.style.changing.includes(id)) return data;
  const by = repeat % data.length;
  return [...data.slice(by), ...data.slice(0, by)];
}
