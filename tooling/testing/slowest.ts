import type { Reporter, TestModule } from 'vitest/node';

/** Prints at the end of a long run where its time went: over all files, in the slowest twenty files and in the slowest twenty tests. */
export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const files = modules.map(timesOf);
    if (sum(files.map(({ tests }) => tests.length)) < 100) return;
    const tests = files.flatMap((file) => file.tests.map((test) => ({ ...test, name: `${file.name} > ${test.name}` })));
    const part = (key: 'setup' | 'imports' | 'testing') => seconds(sum(files.map((file) => file[key]))).trim();
    console.log(
      [
        '',
        `Slowest files (all of it, import, tests, number of tests):`,
        ...slowest(files, ({ total }) => total).map(
          ({ total, imports, testing, tests: { length }, name }) =>
            `${seconds(total)} ${seconds(imports)} ${seconds(testing)} ${String(length).padStart(5)}  ${name}`,
        ),
        '',
        'Slowest tests:',
        ...slowest(tests, ({ took }) => took).map(({ took, name }) => `${seconds(took)}  ${name}`),
        '',
        `${files.length} files, ${tests.length} tests: ${part('setup')} set-up, ${part('imports')} import, ${part('testing')} tests, over all workers`,
      ].join('\n'),
    );
  }
}

/** Where the time of a file went, in milliseconds. */
function timesOf(module: TestModule) {
  const { environmentSetupDuration, prepareDuration, setupDuration, collectDuration, duration } = module.diagnostic();
  const setup = environmentSetupDuration + prepareDuration + setupDuration;
  const tests = [...module.children.allTests()].map((test) => ({
    name: test.fullName,
    took: test.diagnostic()?.duration ?? 0,
  }));
  const total = setup + collectDuration + duration;
  return { name: module.relativeModuleId, tests, setup, imports: collectDuration, testing: duration, total };
}

function slowest<T>(entries: readonly T[], timeOf: (entry: T) => number): T[] {
  return [...entries].sort((a, b) => timeOf(b) - timeOf(a)).slice(0, 20);
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1).padStart(7)} s`;
