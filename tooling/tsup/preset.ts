import type { Options } from 'tsup';

/**
 * The one build of every package: ESM, one file per entry, types by `tsc` (tsup's own declaration build breaks on TypeScript 6).
 * Dependencies and peers stay imports; `bundle` names what must be inlined instead.
 */
export function preset(
  entry: Record<string, string>,
  options: { bundle?: RegExp[]; platform?: 'neutral' | 'node' } = {},
): Options {
  return {
    entry,
    format: 'esm',
    platform: options.platform ?? 'neutral',
    target: 'es2022',
    clean: ['dist/**/*.js', 'dist/**/*.js.map'],
    dts: false,
    sourcemap: true,
    splitting: true,
    treeshake: true,
    silent: true,
    noExternal: options.bundle ?? [],
    esbuildOptions(esbuild) {
      // tfjs' deep files are extensionless ESM without an exports map: let the bundler resolve them by its module field.
      esbuild.mainFields = ['module', 'main'];
    },
  };
}
