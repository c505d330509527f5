import type { Reporter, TestModule } from 'vitest/node';

/** Prints the slowest twenty tests at the end of a run: where time goes when CI grows slow. */
export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        seconds: (test.diagnostic()?.duration ?? 0) / 1000,
        name: `${module.relativeModuleId} > ${test.fullName}`,
      })),
    );
    if (tests.length < 100) return;
    const lines = tests
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, 20)
      .map(({ seconds, name }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`);
    console.log(`\nSlowest tests:\n${lines.join('\n')}`);
  }
}
