// The changelog of a release, from the commits since the last tag: what a commit's `Changelog:` trailer says for those
// who use it, else its subject. `Changelog: none` leaves a commit out.
import { execFileSync } from 'node:child_process';

const SEPARATOR = '\u001e';
const FORMAT = `%s\u001f%(trailers:key=Changelog,valueonly,unfold)${SEPARATOR}`;

function git(root, ...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

/** The newest version tag before HEAD, or null at the first release. */
export function lastTag(root) {
  try {
    return git(root, 'describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', 'HEAD');
  } catch {
    return null;
  }
}

export function changelog(root, { version, date, since = lastTag(root) }) {
  const range = since === null ? 'HEAD' : `${since}..HEAD`;
  const entries = git(root, 'log', '--no-merges', '--reverse', `--format=${FORMAT}`, range)
    .split(SEPARATOR)
    .map((commit) => commit.trim())
    .filter((commit) => commit !== '')
    .map((commit) => {
      const [subject = '', note = ''] = commit.split('\u001f').map((part) => part.trim());
      return note === '' ? subject : note;
    })
    .filter((entry) => entry !== 'none');
  const lines = [...new Set(entries)].map((entry) => `- ${entry}`);
  const from = since === null ? 'The first release.' : `Since ${since}:`;
  return `# Redstart ${version} (${date})\n\n${from}\n\n${lines.join('\n')}\n`;
}
