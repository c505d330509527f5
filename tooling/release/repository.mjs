// npm takes a provenance statement only for a package that names the repository which it was built in. A fork has another one, so no manifest in git says it.

/**
 * A manifest that names its repository and folder.
 *
 * @param {object} manifest Parsed package.json.
 * @param {string} folder From the root of the repository, such as `packages/core`.
 * @param {{ GITHUB_SERVER_URL?: string, GITHUB_REPOSITORY?: string }} environment Of a GitHub workflow.
 * @throws Error outside of a workflow.
 */
export function withRepository(manifest, folder, { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository }) {
  if (!server || !repository)
    throw new Error('expected GITHUB_SERVER_URL and GITHUB_REPOSITORY: packages are published by the release workflow');
  return { ...manifest, repository: { type: 'git', url: `git+${server}/${repository}.git`, directory: folder } };
}
