// The child's side of a comparison: one JSON request a line on stdin, one JSON answer a line on stdout.
//   setup {case, batch} -> {params, macs, logits, loss}  builds the case and describes it, so that both sides can be compared
//   steps {count}       -> {wallMs, cpuMs, ...}          does `count` steps; CPU time is that of all threads
//   memory {}           -> {peakGb}                      peak resident memory of this process
//   facts {}            -> what the case has found       e.g. the robust accuracy
import { createInterface } from 'node:readline';

/** Answers requests until stdin closes. `setup(case, batch)` returns { described, step, facts? }, `probe()` more numbers of the last steps. */
export async function serve(setup, probe = () => ({})) {
  let step;
  let facts = () => ({});
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    if (request.do === 'setup') {
      const work = await setup(request.case, request.batch);
      step = work.step;
      facts = work.facts ?? facts;
      answer = work.described;
    } else if (request.do === 'steps') {
      probe();
      const cpu = process.cpuUsage();
      const wall = performance.now();
      for (let i = 0; i < request.count; i++) await step();
      const wallMs = performance.now() - wall;
      const { user, system } = process.cpuUsage(cpu);
      answer = { wallMs, cpuMs: (user + system) / 1000, ...probe() };
    } else if (request.do === 'facts') {
      answer = await facts();
    } else {
      answer = { peakGb: (process.resourceUsage().maxRSS * 1024) / 1e9 };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
