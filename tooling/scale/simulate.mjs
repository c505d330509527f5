// A work on many machines that come and go, by simulation: how long it takes, what is lost and what is computed twice.
//   node tooling/scale/simulate.mjs [--write]      (the table of docs/takes-too-long.md)
//
// The model. A machine has four workers of one thread. It lives as long as an exponential law says, then is gone with the shards it was at, and another one
// takes its place after a minute; opening a work takes `opening` seconds. A shard's time is log-normal with a coefficient of variation of 0.5, `between` is
// what a worker needs beside computing. What a dead worker held is offered again when its lease of 30 s has ended and a check of every 15 s has seen it. Once
// a week a worker freezes for two minutes: its shard is given to another, and both finish it. Nothing else waits: an engine carries 2,500 shards a second.
import { parseArgs } from 'node:util';
import { intervalOf, markdownTable, mean, writeResults } from '../../studies/shared/results.mjs';

const workersOf = 4;
const opening = 1.5;
const between = 0.05;
const [lease, check] = [30, 15];
const restart = 60;
const [freezeEvery, freeze] = [7 * 86_400, 120];
const spread = 0.5;
const seeds = [1, 2, 3];
const integer = (value) => value.toLocaleString('en');

/** `each`: CPU seconds of an example; `shard`: seconds of a shard; `life`: hours of a machine. */
const cases = [
  { examples: 1e6, each: 0.0246, machines: 16, shard: 5, life: 24 },
  { examples: 1e6, each: 0.0246, machines: 16, shard: 30, life: 24 },
  { examples: 1e6, each: 1, machines: 64, shard: 60, life: 24 },
  { examples: 1e6, each: 1, machines: 64, shard: 60, life: 1 },
  { examples: 1e6, each: 1, machines: 64, shard: 600, life: 1 },
  { examples: 1e9, each: 0.0246, machines: 1000, shard: 60, life: 24 },
  { examples: 1e9, each: 0.0246, machines: 1000, shard: 60, life: 1 },
  { examples: 1e9, each: 1, machines: 1000, shard: 300, life: 24 },
  { examples: 1e9, each: 1, machines: 1000, shard: 300, life: 1 },
];

/** Numbers in [0, 1) (mulberry32). */
function uniforms(seed) {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Events by time: the earliest first. */
class Agenda {
  times = [];
  events = [];

  add(time, event) {
    const { times, events } = this;
    let at = times.length;
    for (let above = (at - 1) >> 1; at > 0 && times[above] > time; at = above, above = (at - 1) >> 1) {
      times[at] = times[above];
      events[at] = events[above];
    }
    times[at] = time;
    events[at] = event;
  }

  next() {
    const { times, events } = this;
    if (times.length === 0) return undefined;
    const first = { time: times[0], event: events[0] };
    const [time, event] = [times.pop(), events.pop()];
    if (times.length > 0) this.sink(time, event);
    return first;
  }

  sink(time, event) {
    const { times, events } = this;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= times.length) break;
      if (below + 1 < times.length && times[below + 1] < times[below]) below++;
      if (times[below] >= time) break;
      times[at] = times[below];
      events[at] = events[below];
      at = below;
    }
    times[at] = time;
    events[at] = event;
  }
}

function simulate({ examples, each, machines, shard, life }, seed) {
  const uniform = uniforms(seed);
  const exponential = (average) => -average * Math.log(1 - uniform());
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const variance = Math.log(1 + spread ** 2);
  const duration = () => shard * Math.exp(Math.sqrt(variance) * normal() - variance / 2);

  const shards = Math.ceil((examples * each) / shard);
  const done = new Uint8Array(shards);
  const ends = Float64Array.from({ length: machines }, () => exponential(life * 3600));
  const frozen = Float64Array.from({ length: machines * workersOf }, () => exponential(freezeEvery));
  const agenda = new Agenda();
  /** Shards that were offered again, and workers with nothing to do. */
  const [again, idle] = [[], []];
  let [fresh, finished, twice, lost, work, end] = [0, 0, 0, 0, 0, 0];

  /** A worker takes a shard; the event that follows is its end or the machine's. */
  const take = (worker, time) => {
    const index = again.length > 0 ? again.pop() : fresh < shards ? fresh++ : undefined;
    if (index === undefined) return void idle.push(worker);
    const machine = Math.floor(worker / workersOf);
    if (time > ends[machine]) ends[machine] = time + exponential(life * 3600);
    const took = duration();
    let until = time + between + took;
    if (frozen[worker] < until) {
      if (frozen[worker] > time) {
        until += freeze;
        agenda.add(frozen[worker] + lease + check * uniform(), { offer: index });
      }
      frozen[worker] = until + exponential(freezeEvery);
    }
    if (until <= ends[machine]) return agenda.add(until, { worker, index, took });
    lost += ends[machine] - time;
    agenda.add(ends[machine] + lease + check * uniform(), { offer: index });
    agenda.add(ends[machine] + restart + opening, { worker });
  };

  for (let worker = 0; worker < machines * workersOf; worker++) agenda.add(opening * uniform(), { worker });
  for (let entry = agenda.next(); entry && finished < shards; entry = agenda.next()) {
    const { time, event } = entry;
    if (event.offer !== undefined) {
      if (done[event.offer]) continue;
      again.push(event.offer);
      const worker = idle.pop();
      if (worker !== undefined) take(worker, time);
      continue;
    }
    if (event.index !== undefined) {
      if (done[event.index]) twice++;
      else {
        done[event.index] = 1;
        finished++;
        work += event.took;
        end = time;
      }
    }
    take(event.worker, time);
  }
  const ideal = work / (machines * workersOf);
  return { shards, hours: end / 3600, efficiency: ideal / end, lost: lost / work, twice };
}

const rows = cases.map((each) => {
  const runs = seeds.map((seed) => simulate(each, seed));
  const { mean: efficiency, low, high } = intervalOf(runs.map((run) => run.efficiency));
  const row = [
    `10^${Math.log10(each.examples)}`,
    `${each.each} s`,
    `${integer(each.machines)} x ${workersOf}`,
    `${each.life} h`,
    integer(runs[0].shards),
    `${each.shard} s`,
    `${mean(runs.map(({ hours }) => hours)).toPrecision(3)} h`,
    `${efficiency.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`,
    `${(100 * mean(runs.map(({ lost }) => lost))).toPrecision(2)}%`,
    integer(Math.round(mean(runs.map(({ twice }) => twice)))),
  ];
  process.stderr.write(`${row.join(' | ')}\n`);
  return row;
});
const header = ['examples', 'each', 'machines', 'life', 'shards', 'shard', 'takes', 'efficiency', 'lost', 'twice'];
const table = markdownTable(header, rows);
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
if (values.write) await writeResults('docs/takes-too-long.md', 'simulation', table, '<!-- simulation: by command -->');
else process.stdout.write(`${table}\n`);
