import type { Json, Progress } from '@advrob/core';
import type { FinishedPiece } from '@advrob/evaluation/shards';

/** What the parent tells a job. */
export type ToJob =
  | {
      readonly type: 'open';
      /** What stands behind `advrob evaluate` for a single run. */
      readonly args: readonly string[];
      readonly folder: string;
      readonly fingerprint: Json;
    }
  | { readonly type: 'compute'; readonly place: number; readonly done: readonly FinishedPiece[] };

/** What a job tells its parent on the way. */
export type FromJob =
  | { readonly type: 'begin'; readonly run: number; readonly examples: number }
  | { readonly type: 'steps'; readonly steps: readonly Progress[] }
  | { readonly type: 'piece'; readonly line: FinishedPiece };
