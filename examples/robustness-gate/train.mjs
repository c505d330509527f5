// In your project the model is already there. Here: a small net, trained adversarially for some seconds.
import { main } from '@advrob/cli';

process.exitCode = await main(
  '--architecture mlp --objective pgd-at --attack pgd --set steps=5 --epsilon 0.1 --steps 300 --learning-rate 0.1 --batch-size 64 --out model'
    .split(' ')
    .reduce((args, word) => [...args, word], ['train']),
);
