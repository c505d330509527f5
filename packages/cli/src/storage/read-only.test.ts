import { mkdir } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { makeFolders } from './failure.js';

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<object>()),
  // As Node on a file system that can only be read.
  mkdir: vi.fn(async (_: string, options?: { recursive?: boolean }) => {
    const code = options?.recursive ? 'ENOENT' : 'EROFS';
    throw Object.assign(new Error(code), { code, syscall: 'mkdir' });
  }),
}));

it('a folder on a file system that can only be read is refused for that reason', async () => {
  await expect(makeFolders('/a-folder-that-is-not-there/run')).rejects.toMatchObject({ code: 'EROFS' });
  expect(vi.mocked(mkdir).mock.lastCall).toEqual(['/a-folder-that-is-not-there']);
});
