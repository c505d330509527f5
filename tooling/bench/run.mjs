// Compares us with a peer on the same work, alternating in one run: `pnpm bench [name ...] [options]`.
//   --json            one JSON line per comparison { name, ours, peer, unit, ratio, runs, ... } instead of a table; lower is better
//   --only <expression>   only comparisons whose name matches
//   --rounds N        how many turns each side gets (default 15)
//   --subject cpu     another tfjs backend in our place
//   --python <file>  the interpreter with the PyTorch to compare with (default ADVROB_BENCH_PYTHON, else /usr/bin/python3); may be
//                    repeated: the newest from a virtual environment beside Debian's, the version in every row
//   --blas <folder>   where PyTorch looks first for libblas.so.3
//   --strict          exit code 1 when a limit is missed
// A bench is a file in benches/ with `export async function* run(options)` that yields rows (see statistics.mjs).
// Exit code 2: a peer is not installed.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { table } from './print.mjs';
import { defaultPython, MissingPeerError } from './pytorch.mjs';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '15' },
    subject: { type: 'string', default: 'onnxruntime' },
    python: { type: 'string', multiple: true },
    blas: { type: 'string' },
    strict: { type: 'boolean', default: false },
  },
});
const known = readdirSync(new URL('benches/', import.meta.url)).map((file) => file.replace(/\.mjs$/, ''));
const asked = positionals.length > 0 ? positionals : known;
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(', ')}; there are: ${known.join(', ')}.`);

const base = {
  rounds: Number(values.rounds),
  subject: values.subject,
  blasFolder: values.blas,
  wants: (name) => new RegExp(values.only, 'i').test(name),
  note: (text) => process.stderr.write(`${text}\n`),
};
/** Rows that have no PyTorch in them are measured with the first alone (`isFirst`). */
const pythons = values.python ?? [defaultPython];
const rows = [];
try {
  for (const { name, options } of asked.flatMap((each) =>
    pythons.map((python, i) => ({ name: each, options: { ...base, python, isFirst: i === 0 } })),
  )) {
    const { run } = await import(`./benches/${name}.mjs`);
    for await (const row of run(options)) {
      const named = { bench: name, ...row };
      rows.push(named);
      if (values.json) process.stdout.write(`${JSON.stringify(named)}\n`);
      else base.note(`${row.name}: ${row.ours} / ${row.peer} ${row.unit} = ${row.ratio}`);
    }
  }
  if (!values.json) process.stdout.write(`${table(rows)}\n`);
  process.exitCode = values.strict && rows.some(({ isWithin }) => isWithin === false) ? 1 : 0;
} catch (error) {
  if (!(error instanceof MissingPeerError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
