// How much of what an attack leaves can be certified of a network that was trained for it? In Linf, of the model itself.
//   node studies/certified/linf.mjs [--seeds 3] [--folder runs/certified-linf] [--report studies/certified/README.md]
// Runs linf.yaml by the command for each seed (a run that was ended before goes on), and puts the numbers of the records
// into the page. The number of steps was chosen by the loss of training, nothing by test images.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatInterval, intervalOf, markdownTable, writeResults } from '../shared/results.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    folder: { type: 'string', default: 'runs/certified-linf' },
    report: { type: 'string' },
  },
});
const root = new URL('../../', import.meta.url).pathname;
const command = join(root, 'packages/cli/dist/bin.js');
const config = join(root, 'studies/certified/linf.yaml');
const rows = [];
for (let seed = 0; seed < Number(values.seeds); seed++) {
  const folder = `${values.folder}-${seed}`;
  const run = spawnSync(process.execPath, [command, 'run', config, '--set', `seed=${seed}`, '--out', folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`seed ${seed} ended with ${run.status}`);
  const [model] = JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8')).models;
  const [point] = model.bounds[0].points;
  rows.push({ seed, clean: model.clean, certified: point.certified, attacked: point.attacked, open: point.open });
}

const share = ({ count, total, interval: [low, high] }) =>
  `${count} of ${total}, ${percent(count / total)} (${percent(low)}–${percent(high)})`;
const percent = (value) => `${(100 * value).toFixed(1)}%`;
const names = ['clean', 'certified', 'attacked'];
const table = markdownTable(
  ['seed', 'right without an attack', 'at least (certified)', 'at most (attacked)', 'open'],
  rows.map((row) => [row.seed, ...names.map((name) => share(row[name])), row.open].map(String)),
);
const means = names.map((name) => formatInterval(intervalOf(rows.map((row) => row[name].count / row[name].total))));
const text = `Each seed with its 95% interval over images of this kind (Wilson).

${table}

Means with 95% intervals over the seeds: right without an attack ${means[0]}, at least ${means[1]}, at most ${means[2]}.`;
console.log(text);
if (values.report) await writeResults(values.report, 'Linf', text);
