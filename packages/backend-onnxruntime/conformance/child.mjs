// Runs the bundled suite (first argument) under jasmine in this process and writes the result as JSON to the file of the second.
import Jasmine from 'jasmine';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { exclusions } from './exclusions.mjs';

const [bundle, resultFile] = process.argv.slice(2);
const mode = process.env.CONFORMANCE_MODE;
const pattern = new RegExp(process.env.CONFORMANCE_GREP ?? '', 'i');
const excluded = exclusions.filter(({ modes }) => modes === undefined || modes.includes(mode));
const isExcluded = (name) => excluded.some(({ spec }) => name.includes(spec));

const runner = new Jasmine();
runner.exitOnCompletion = false;
runner.configureDefaultReporter({ print: () => undefined });
const jasmineEnv = runner.env;
const config = {
  random: false,
  specFilter: (spec) => pattern.test(spec.getFullName()) && !isExcluded(spec.getFullName()),
};
jasmineEnv.configure(config);

/** Specs by name, in order of definition: some names occur twice and get a number. */
const specs = {};
const seen = {};
jasmineEnv.addReporter({
  specDone({ fullName, status, failedExpectations }) {
    const occurrence = (seen[fullName] = (seen[fullName] ?? 0) + 1);
    const name = occurrence === 1 ? fullName : `${fullName} (${occurrence})`;
    const state = status === 'excluded' && isExcluded(fullName) ? 'left out' : status;
    if (state === 'excluded' || state === 'pending') return;
    specs[name] = { state, messages: failedExpectations.map(({ message }) => message) };
  },
});

const { fallbacks, reported } = await import(pathToFileURL(bundle).href);
const start = performance.now();
const { failedExpectations = [] } = await runner.execute();
const seconds = (performance.now() - start) / 1000;
const errors = failedExpectations.map(({ message }) => message);
writeFileSync(resultFile, JSON.stringify({ mode, specs, fallbacks, reported, errors, seconds }));
process.exit(0); // timers of the suite would keep the process alive
