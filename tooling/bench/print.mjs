const columns = [
  ['name', ({ name }) => name],
  ['ours', ({ ours }) => String(ours)],
  ['peer', ({ peer }) => String(peer)],
  ['unit', ({ unit }) => unit],
  ['ratio', ({ ratio }) => String(ratio)],
  ['at most', ({ limit }) => (limit === undefined ? '' : String(limit))],
  ['', ({ isWithin }) => (isWithin === undefined ? '' : isWithin ? 'ok' : 'MISSED')],
  ['cpu ratio', ({ cpuRatio }) => (cpuRatio === undefined ? '' : String(cpuRatio))],
  ['against', ({ against }) => against],
];

/** A table of rows as Markdown. */
export function table(rows) {
  const cells = [columns.map(([title]) => title), ...rows.map((each) => columns.map(([, show]) => show(each)))];
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((line) => line[i].length)));
  const lines = cells.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}
