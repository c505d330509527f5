import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/.cache/**', '**/dist/**', '**/runs/**', '**/.turbo/**', '**/fixtures/**', '**/coverage/**'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      'no-console': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off', // noUncheckedIndexedAccess makes it the honest way to index a checked array
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.property.name=/^(dataSync|arraySync)$/]',
          message: 'No synchronous read-back in library code: await data() at a few fixed places.',
        },
        {
          selector: "CallExpression[callee.object.name='tf'][callee.property.name=/^(sign|log1p)$/]",
          message:
            'The wasm backend loses small numbers here unless its kernel is mended: signOf of @advrob/core/rows; for log1p see softplus of core/losses.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/test/**', 'tooling/**', 'examples/**', 'studies/**', 'apps/*/build.mjs', '**/bin.ts'],
    rules: { 'no-console': 'off', 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
);
