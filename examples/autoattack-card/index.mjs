// The same three steps as on the command line: advrob train, advrob evaluate, advrob report --card.
import { main } from '@advrob/cli';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = await mkdtemp(join(tmpdir(), 'card-'));
const advrob = async (line) => {
  const code = await main(line.split(' '));
  if (code !== 0) throw new Error(`advrob ${line} ended with ${code}`);
};
await advrob(
  `train --architecture mlp --objective pgd-at --attack pgd --set steps=5 --epsilon 0.1 --steps 200 --out ${folder}/model`,
);
await advrob(
  `evaluate --model ${folder}/model/weights.safetensors --attack autoattack --set steps=10 --set queries=100 --epsilon 0.1 --take 50 --checks --out ${folder}/run`,
);
await advrob(`report ${folder}/run --card`);
console.log(await readFile(join(folder, 'run/card.json'), 'utf8'));
await rm(folder, { recursive: true });
