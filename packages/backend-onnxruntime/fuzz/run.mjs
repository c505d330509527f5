// Runs random tfjs programs on this backend and on cpu, and compares.
//   --programs N  --seed S   the programs have the seeds S to S + N - 1; one failing seed is run again with --programs 1 --seed <seed>
//   --mode normal,plain      how the backend is run (normal, hoist, plain, flush; see ../conformance/modes.mjs); with several modes cpu is
//                            asked once for all of them, and --programs may have a number for each
//   --fault <name>,...       instead of this backend imitations that are wrong on purpose (see imitation.mjs)
//   --stop-after 20  --no-shrink  --json
import { spawn } from 'node:child_process';
import { bundle, discard } from '../conformance/bundle.mjs';
import { fileURLToPath } from 'node:url';

const main = await bundle(fileURLToPath(new URL('main.mjs', import.meta.url)), 'fuzz');
const child = spawn(process.execPath, ['--enable-source-maps', main, ...process.argv.slice(2)], { stdio: 'inherit' });
child.on('exit', (code) => {
  discard(main);
  process.exitCode = code ?? 1;
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
