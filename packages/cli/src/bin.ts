#!/usr/bin/env node
import { main } from './program.js';

const stop = new AbortController();
// The first Ctrl-C lets the step in progress end and the checkpoint be written; the second ends at
// once.
process.once('SIGINT', () => {
  stop.abort(new Error('SIGINT'));
  process.once('SIGINT', () => process.exit(130));
});
process.exitCode = await main(process.argv.slice(2), stop.signal);
