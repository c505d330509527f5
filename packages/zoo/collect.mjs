// Makes the cards out of an evaluation: `node packages/zoo/collect.mjs mnist runs/zoo-evaluation`; a third argument, the folder of a training,
// brings its weights first.
import { createCard } from '@advrob/evaluation';
import { sha256 } from '@advrob/core/sha256';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [data, evaluation, training] = process.argv.slice(2);
const home = new URL('.', import.meta.url).pathname;
const folder = join(home, 'models', data);
mkdirSync(folder, { recursive: true });
for (const id of training ? readdirSync(join(training, 'models')) : [])
  copyFileSync(join(training, 'models', id, 'last.safetensors'), join(folder, `${id}.safetensors`));

const record = JSON.parse(readFileSync(join(evaluation, 'record.json'), 'utf8'));
const added = record.models.map(({ name: id }) => {
  const name = `${data}/${id}`;
  const file = `models/${name}.safetensors`;
  const bytes = readFileSync(join(home, file));
  const card = createCard(record, { model: id });
  return {
    name,
    weights: { file, bytes: bytes.length, sha256: sha256(bytes) },
    training: `configs/${data}.yaml`,
    evaluation: `configs/${data}-evaluation.yaml`,
    // Where the run was kept is of no use to others.
    result: { ...card, command: card.command?.replace(/ --out \S+/, '') ?? null },
  };
});
const path = join(home, 'src/cards.json');
const known = JSON.parse(readFileSync(path, 'utf8')).filter(({ name }) => added.every((card) => card.name !== name));
writeFileSync(path, `${JSON.stringify([...known, ...added], undefined, 2)}\n`);
