import { isAbsolute, join } from 'node:path';
import type { Config, GitConfig } from '../config.ts';
import { fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { choice, flag, gitRepository, path, plain, refuse, secretText, wholeNumber } from '../text-types.ts';
import { folderFields } from './folders.ts';

const field = fieldsOf('Flows from git');

/** What git itself takes for the name of a branch or tag, and never for an option, a revision or a range. */
const REF = /^(?!.*(?:\.\.|\/\/|@\{|\.lock(?:\/|$)|\/\.|[./]$))[A-Za-z0-9][\w./+@-]*$/;
const refName = plain('the name of a branch or tag', REF, 'is no name that a branch or tag can have');

export const gitFields = {
  url: field('REDSTART_GIT_URL', {
    type: gitRepository,
    fallback: null,
    example: 'https://github.com/acme/flows.git',
    does: 'The repository that the flows come from. Redstart follows it: a new revision is fetched, checked and put in force while everything else goes on. REDSTART_FLOWS_DIR is then not used.',
    change: 'Your flows are in git, and a merge is to be what puts them in force.',
    beware: 'A flow is a program: who can push there decides what runs. See REDSTART_GIT_ALLOWED_SIGNERS_FILE.',
  }),
  ref: field('REDSTART_GIT_REF', {
    type: refName,
    fallback: 'main',
    example: 'production',
    does: 'The branch or tag that is followed.',
    change: 'One branch or tag per environment.',
  }),
  path: field('REDSTART_GIT_PATH', {
    type: plain(
      'a folder within the repository',
      /^(?!.*(?:^|\/)\.)[^\0\\/:][^\0\\:]*$/,
      'is no relative path of plain names',
    ),
    fallback: null,
    fallbackText: 'the top of the repository',
    example: 'flows',
    does: 'The folder of the flow files within the repository.',
    change: 'The repository holds other things as well.',
  }),
  interval: field('REDSTART_GIT_INTERVAL', {
    type: wholeNumber(5, 86_400, 'of seconds'),
    fallback: 60,
    example: '300',
    does: 'How often it looks for a new revision. After failures it waits longer, up to ten minutes.',
    change: 'Longer with a webhook (REDSTART_GIT_WEBHOOK_SECRET).',
  }),
  sshKeyFile: field('REDSTART_GIT_SSH_KEY_FILE', {
    type: path('a private SSH key'),
    fallback: null,
    example: '/run/secrets/deploy-key',
    does: 'The key for an ssh address. A deploy key that may only read is enough.',
    change: 'The repository is reached over ssh.',
  }),
  knownHostsFile: field('REDSTART_GIT_KNOWN_HOSTS_FILE', {
    type: path('a file of host keys, as ssh-keyscan prints them'),
    fallback: null,
    example: '/etc/redstart/known_hosts',
    does: 'The keys of the ssh server. Needed for an ssh address: an unknown host is refused, never learned.',
    change: 'With an ssh address. Compare what ssh-keyscan prints with what your git host publishes.',
  }),
  token: field('REDSTART_GIT_TOKEN', {
    type: secretText('an access token of your git host', (text) => {
      if (!/^[\x21-\x7e]{4,}$/.test(text)) refuse('has white space in it, or is too short');
    }),
    fallback: null,
    example: 'ghp_…',
    does: 'The token for an https address, sent as the password of the user in the address (x-access-token without one).',
    change:
      'The repository is private and reached over https. One that may only read is enough, unless REDSTART_GIT_PUSH is set.',
  }),
  allowedSignersFile: field('REDSTART_GIT_ALLOWED_SIGNERS_FILE', {
    type: path("git's allowed signers"),
    fallback: null,
    example: '/etc/redstart/allowed_signers',
    does: 'Who may sign: lines of “name key”, as git has them. A revision whose commit is not signed by one of them is refused.',
    change: 'Wherever a push must not be enough to run something.',
    beware: 'Only the newest commit is looked at: whoever signs it answers for those before it.',
  }),
  rewrites: field('REDSTART_GIT_REWRITES', {
    type: choice(['refuse', 'follow']),
    fallback: 'refuse',
    example: 'follow',
    does: 'What to do when the branch was force-pushed, so that the revision in force is no longer in its history.',
    change: 'follow when you rewrite the branch on purpose.',
  }),
  rehearse: field('REDSTART_GIT_REHEARSE', {
    type: flag,
    fallback: false,
    example: 'true',
    does: 'Run the rehearsals (*.flowtest.yaml) of a new revision before it is put in force.',
    change: 'The revisions that you follow were not tested elsewhere.',
  }),
  webhookSecret: field('REDSTART_GIT_WEBHOOK_SECRET', {
    type: secretText('at least 16 characters, hard to guess', (text) => {
      if (text.length < 16) refuse('is too short');
    }),
    fallback: null,
    example: '"$(openssl rand -hex 32)"',
    does: 'With it POST /_redstart/git looks for a new revision at once, when the call is signed with it as GitHub, Gitea and GitLab do.',
    change: 'A merge is to be in force within seconds.',
  }),
  push: field('REDSTART_GIT_PUSH', {
    type: refName,
    fallback: null,
    example: 'from-the-editor',
    does: 'The branch that deploys in the editor are pushed to, each as a commit in the name of who deployed. With REDSTART_FLOWS_MODE=editable, which needs it.',
    change: 'You draw flows in the editor of this appliance and keep them in git.',
    beware: 'With the branch that is followed, a deploy needs no review.',
  }),
  environment: field('REDSTART_ENVIRONMENT', {
    type: plain('a name of letters, digits, - and _', /^[A-Za-z][\w-]{0,62}$/, 'is no plain name'),
    fallback: null,
    example: 'production',
    does: 'Which part of redstart.yaml counts: what the names of pipelines, workspaces and the like stand for here.',
    change: 'The same flows run in several places.',
  }),
};

/** What came of it; `flows` of the folders as they are without git. */
export function readGit(
  reader: Reader,
  folders: Pick<Config, 'data' | 'flows'>,
  searchPath: string | undefined,
): Pick<Config, 'git' | 'flows' | 'environment'> {
  const environment = reader.get(gitFields.environment);
  const url = reader.get(gitFields.url);
  const file = (own: typeof gitFields.sshKeyFile): string | null => {
    const given = reader.get(own);
    return given === null ? null : reader.absolute(given);
  };
  const git = {
    ref: reader.get(gitFields.ref),
    path: (reader.get(gitFields.path) ?? '').replace(/\/+$/, ''),
    intervalMs: reader.get(gitFields.interval) * 1000,
    sshKeyFile: file(gitFields.sshKeyFile),
    knownHostsFile: file(gitFields.knownHostsFile),
    token: reader.get(gitFields.token),
    allowedSignersFile: file(gitFields.allowedSignersFile),
    rewrites: reader.get(gitFields.rewrites),
    rehearse: reader.get(gitFields.rehearse),
    webhookSecret: reader.get(gitFields.webhookSecret),
    push: reader.get(gitFields.push),
    searchPath,
  };
  if (url === null) {
    for (const own of Object.values(gitFields)) {
      if (own !== gitFields.url && own !== gitFields.environment && reader.has(own) && !reader.has(gitFields.url))
        reader.problem(own, 'is set without REDSTART_GIT_URL', 'both or neither');
    }
    return { git: null, flows: folders.flows, environment };
  }
  const ssh = /^ssh:/.test(url) || (!url.includes('://') && !isAbsolute(url));
  if (ssh) {
    for (const own of [gitFields.sshKeyFile, gitFields.knownHostsFile])
      if (!reader.has(own)) reader.problem(own, 'is needed with an ssh address', own.type.expected);
  } else if (reader.has(gitFields.sshKeyFile)) {
    reader.problem(gitFields.sshKeyFile, 'is set, and the address is not one of ssh', 'an ssh address, or unset');
  }
  if (git.token !== null && !url.startsWith('https:') && !/^http:\/\/(?:localhost|127\.|\[::1\])/.test(url))
    reader.problem(gitFields.token, 'is set, and the address is not https://', 'an https address, or unset');
  if (/^http:\/\/(?!localhost|127\.|\[::1\])/.test(url) && git.allowedSignersFile === null)
    reader.problem(gitFields.url, 'is http://, where anybody on the way can change it', 'https://, or signed commits');

  const mode = reader.has(folderFields.flowsMode) ? folders.flows.mode : git.push === null ? 'readonly' : 'editable';
  if (mode === 'editable' && git.push === null) {
    reader.problem(
      gitFields.push,
      'is not set, and flows are editable: the next revision would overwrite what was deployed',
      'a branch to push deploys to, or REDSTART_FLOWS_MODE=readonly',
    );
  }
  const found: GitConfig = { url, ...git };
  return { git: found, flows: { dir: join(folders.data.dir, 'git', 'flows'), mode }, environment };
}
