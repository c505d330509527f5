// Runs tfjs-core's own test suite on this backend, in every mode, and compares with what the cpu backend passes.
//   --mode normal,flush   only these modes (cpu, normal, flush, hoist, plain; webgpu needs an adapter)
//   --grep <expression>   only specs whose name matches
//   --failures            lists every failing spec
//   --json                one JSON object instead of text
import { parseArgs } from 'node:util';
import { conformance } from './conformance.mjs';
import { exclusions } from './exclusions.mjs';
import { modes, subjectModes } from './modes.mjs';
import { printVerdict } from './print.mjs';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    mode: { type: 'string' },
    grep: { type: 'string' },
    failures: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const asked = values.mode?.split(',') ?? subjectModes;
const unknown = asked.filter((mode) => !(mode in modes));
if (unknown.length > 0)
  throw new Error(`Unknown mode ${unknown.join(', ')}; there are ${Object.keys(modes).join(', ')}.`);

const verdicts = [];
for await (const verdict of conformance(asked, values.grep)) {
  verdicts.push(verdict);
  if (!values.json) printVerdict(verdict, values.failures);
}

const total = (field) => verdicts.reduce((sum, verdict) => sum + verdict[field], 0);
const ok = verdicts.every(({ problems }) => problems.length === 0);
const summary = { passed: total('passed'), failed: total('failed'), ok };
if (values.json) {
  process.stdout.write(`${JSON.stringify({ ...summary, exclusions, modes: verdicts })}\n`);
} else {
  process.stdout.write(`${summary.passed} passed, ${summary.failed} failed\n`);
  process.stdout.write(
    exclusions.length === 0
      ? 'exclusions: none\n'
      : `exclusions:\n${exclusions.map(({ spec, reason }) => `  ${spec}: ${reason}`).join('\n')}\n`,
  );
}
process.exitCode = ok ? 0 : 1;
