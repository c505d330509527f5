import { type Command, Option } from 'commander';
import type { Dataset } from '@advrob/core';
import type { Part } from '../config/schema.js';
import type { LoadOptions } from '../experiment/load-model.js';
import { inputOf, withInput, type InputFlags } from './input-flags.js';
import { collect } from './options.js';

/** Flags that say what a saved model is. */
export interface ModelFlags extends InputFlags {
  readonly architecture?: string;
  readonly outputs?: 'logits' | 'probabilities';
}

/** Adds `--model` and the flags of {@link ModelFlags}. With `roles`, models are named one by one and may be left out. */
export function withModel(command: Command, { roles = false }: { readonly roles?: boolean } = {}): Command {
  const what = 'a safetensors file, a folder with a tfjs model.json, or the folder of a training';
  const model = roles
    ? new Option('--model <path>', `${what}; of an analysis of several models <role>=<path> for each`)
        .argParser(collect)
        .default([])
    : new Option('--model <path>', what).makeOptionMandatory();
  return withInput(
    command
      .addOption(model)
      .option('--architecture <name>', 'of a weight file that does not say it, see: advrob list models')
      .addOption(
        new Option('--outputs <kind>', 'what the model gives, when it cannot be seen from its layers').choices([
          'logits',
          'probabilities',
        ]),
      ),
  );
}

/** How to load the model that the flags describe, to be used on these data. */
export function loadOptionsOf(flags: ModelFlags, architecture: Part | undefined, data: Dataset): LoadOptions {
  return {
    bounds: data.bounds,
    data,
    input: inputOf(flags),
    ...(flags.outputs && { outputs: flags.outputs }),
    ...(architecture && {
      architecture: architecture.name,
      ...(Object.keys(architecture.options).length > 0 && { architectureOptions: architecture.options }),
    }),
  };
}
