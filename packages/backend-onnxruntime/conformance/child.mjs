// Runs the bundled suite (first argument) under jasmine in this process, once in each of the modes that follow, and sends the result of
// every run to the parent. The suite is defined once: that and its first run cost most of a process.
import Jasmine from 'jasmine';
import { pathToFileURL } from 'node:url';
import { exclusions } from './exclusions.mjs';

const [bundle, ...modes] = process.argv.slice(2);
const pattern = new RegExp(process.env.CONFORMANCE_GREP ?? '', 'i');

const runner = new Jasmine();
runner.exitOnCompletion = false;
runner.configureDefaultReporter({ print: () => undefined });
const jasmineEnv = runner.env;
jasmineEnv.configure({ random: false, autoCleanClosures: false }); // what is cleaned cannot run again

let isExcluded = () => false;
/** Specs by name, in order of definition: some names occur twice and get a number. */
let specs = {};
let seen = {};
jasmineEnv.addReporter({
  specDone({ fullName, status, failedExpectations }) {
    const occurrence = (seen[fullName] = (seen[fullName] ?? 0) + 1);
    const name = occurrence === 1 ? fullName : `${fullName} (${occurrence})`;
    const state = status === 'excluded' && isExcluded(fullName) ? 'left out' : status;
    if (state === 'excluded' || state === 'pending') return;
    specs[name] = { state, messages: failedExpectations.map(({ message }) => message) };
  },
});

process.env.CONFORMANCE_BACKEND = modes[0] === 'cpu' ? 'cpu' : 'onnxruntime';
const { begin } = await import(pathToFileURL(bundle).href);

for (const mode of modes) {
  const excluded = exclusions.filter((exclusion) => exclusion.modes === undefined || exclusion.modes.includes(mode));
  isExcluded = (name) => excluded.some(({ spec }) => name.startsWith(spec));
  jasmineEnv.configure({
    specFilter: (spec) => pattern.test(spec.getFullName()) && !isExcluded(spec.getFullName()),
  });
  specs = {};
  seen = {};
  const outcome = begin(mode);
  const start = performance.now();
  const { failedExpectations = [] } = await jasmineEnv.execute();
  const seconds = (performance.now() - start) / 1000;
  const errors = failedExpectations.map(({ message }) => message);
  await new Promise((sent) => process.send({ mode, specs, ...outcome(), errors, seconds }, sent));
}
process.exit(0); // timers of the suite would keep the process alive
