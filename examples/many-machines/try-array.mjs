// Runs slurm-array.sh as SLURM does, on this machine: two tasks with their variables, killed at random and sent again, then merged; and compares
// the record with that of a single run.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';

const tasks = 2;
const here = new URL('.', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'advrob-array-'));
symlinkSync(join(here, 'node_modules'), join(folder, 'node_modules'));
copyFileSync(join(here, 'slurm-array.sh'), join(folder, 'slurm-array.sh'));

try {
  advrob(
    'train',
    '--dataset',
    'subspace',
    '--set',
    'subspace.size=4',
    '--set',
    'subspace.complement=2',
    '--architecture',
    'mlp',
    ...mlp(),
    '--out',
    'model',
  );
  let kills = 0;
  for (const task of Array.from({ length: tasks }, (_, index) => index)) {
    // Later and later, so that a machine of any speed gets somewhere.
    for (let patience = 1500; ; patience *= 1.5) {
      const ended = await runTask(task, kills < 2 ? Math.random() * patience : undefined);
      if (ended === 0) break;
      if (ended !== 'killed') throw new Error(`task ${task} ended with ${ended}`);
      kills++;
    }
  }
  advrob('merge', 'runs/model', '--out', 'runs/model');
  const command = readFileSync(join(folder, 'slurm-array.sh'), 'utf8').split('npx advrob evaluate ')[1];
  const args = command.replaceAll('\\\n', ' ').replace('--shard auto', '').replace('runs/model', 'runs/single');
  advrob('evaluate', ...args.trim().split(/\s+/));
  const [merged, single] = ['model', 'single'].map((name) =>
    readFileSync(join(folder, 'runs', name, 'examples.jsonl'), 'utf8'),
  );
  if (merged !== single) throw new Error('the merged examples are not those of a single run');
  const { robust } = JSON.parse(readFileSync(join(folder, 'runs/model/record.json'), 'utf8')).models[0];
  console.log(
    `${tasks} tasks, killed ${kills} times: ${robust.count} of ${robust.total} robust, line by line as in a single run`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function mlp() {
  const options = ['hidden=[16]', 'inputShape=[4]', 'numClasses=2', 'bounds=[-20,20]'];
  return [...options.flatMap((option) => ['--set', `mlp.${option}`]), '--steps', '50', '--learning-rate', '0.05'];
}

function advrob(...args) {
  const { status, stderr } = spawnSync('npx', ['advrob', ...args], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`advrob ${args[0]} ended with ${status}\n${stderr}`);
}

/** How a task ends: its exit code, or `killed` when it was after so many milliseconds, with all that it had started. */
function runTask(task, killAfter) {
  const env = {
    ...process.env,
    SLURM_ARRAY_TASK_ID: String(task),
    SLURM_ARRAY_TASK_MIN: '0',
    SLURM_ARRAY_TASK_MAX: String(tasks - 1),
    SLURM_ARRAY_TASK_COUNT: String(tasks),
    SLURM_ARRAY_TASK_STEP: '1',
  };
  const child = spawn('bash', ['slurm-array.sh'], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => process.kill(-child.pid, 'SIGKILL'), killAfter);
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code ?? 'killed');
    }),
  );
}
