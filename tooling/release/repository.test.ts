import { expect, it } from 'vitest';
import { withRepository } from './repository.mjs';

const workflow = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'ada/advrob' };

it('names the repository of the workflow and the folder, and leaves the rest', () => {
  expect(withRepository({ name: '@advrob/core', version: '1.2.3' }, 'packages/core', workflow)).toEqual({
    name: '@advrob/core',
    version: '1.2.3',
    repository: { type: 'git', url: 'git+https://github.com/ada/advrob.git', directory: 'packages/core' },
  });
});

it('refuses to guess one', () => {
  expect(() => withRepository({}, 'packages/core', {})).toThrow(/release workflow/);
});
