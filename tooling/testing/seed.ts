import fc from 'fast-check';

// Property tests draw the same values in every run, so that a test which passed keeps passing until the code changes.
// ADVROB_TEST_SEED draws others: `ADVROB_TEST_SEED=$RANDOM pnpm test`.
fc.configureGlobal({ seed: Number(process.env.ADVROB_TEST_SEED ?? 20_261_122) });
