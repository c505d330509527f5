import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';

// What every test file starts with, also in a process that ran others before.

// Property tests draw the same values in every run, so that a test which passed keeps passing until the code changes.
// ADVROB_TEST_SEED draws others: `ADVROB_TEST_SEED=$RANDOM pnpm test`.
fc.configureGlobal({ seed: Number(process.env.ADVROB_TEST_SEED ?? 20_261_122) });
// The backend that tests expect unless they choose another; a file that never loads it chooses its own.
if (tf.findBackend('cpu')) await tf.setBackend('cpu');
