// What usually brings an error about: the middle column of docs/errors.md. Apart from the catalogue, which every start
// loads: nothing but the page needs these.
import type { ErrorCode } from './error-catalogue.ts';

export const ERROR_CAUSES: Readonly<Record<ErrorCode, string>> = {
  WRONG_USAGE: 'A typing error, or an option of another command or version.',
  SIMULATOR_SCENARIO_INVALID: 'A typing error in the scenario, or a wrong path.',
  PASSWORD_REFUSED:
    'Fewer than the least number of characters, more than bcrypt looks at, or a password of lists that attackers try first.',
  TOKEN_REFUSED:
    'A name that is in the file already, a name that was never in it, or a file that somebody edited by hand.',
  LOG_LEVELS_INVALID: 'A typing error in a level or a component.',
  NOT_RUNNING: 'It has ended, or it runs in another container or with another REDSTART_DATA_DIR.',
  LOG_LEVELS_NOT_TAKEN: 'A start that is not done, a stop, or code of a flow that keeps the program busy.',
  INTERRUPTED: 'You, or a terminal that was closed.',
  CHECK_SETTINGS_INVALID: 'A typing error in `.redstartrc`, or a rule that an older version had or a newer one has.',
  FLOW_TESTS_INVALID: 'A typing error, or wrong indentation: YAML goes by it.',
  FLOW_TESTS_NONE:
    'The command runs in another folder than you think, the files have another ending, or `--only` is spelt differently from the name.',
  FLOW_TESTS_UNREADABLE: 'A wrong path, or a file of another user.',
  REHEARSAL_START_FAILED:
    'A container or a permission model that forbids child processes, too little memory, or too many processes.',
  DIFF_SOURCE_INVALID:
    'A revision that was not fetched, a path that is not in that revision, or a file with a merge conflict.',
  GIT_SETUP_FAILED: 'A folder that is no clone, a clone of another user, or no git on the machine.',
  BACKUP_FAILED:
    'A backup of yesterday with the same name, a full disk, or REDSTART_DATA_DIR of another environment than that of the service.',
  BACKUP_UNUSABLE:
    'A copy that was cut off, a file that was never a backup, or one made after an upgrade that was taken back.',
  AUDIT_BROKEN:
    'Somebody edited the files, a file of a rotation is missing from the command line, or a disk lost what was written last.',
  AUDIT_UNREADABLE: 'The command runs in another folder, or as another user, than the service.',
  FLOWS_WOULD_BE_REMOVED: 'The export is of some tabs, not of all flows; or the folder is that of another appliance.',
  FLOWS_NOT_FORMATTED: 'A file was edited by hand, or is an export that nobody split.',
  ROTATION_NEEDS_PREVIOUS:
    'REDSTART_CREDENTIAL_SECRET is set: the program cannot change what the environment will say at the next start.',

  CONFIG_INVALID:
    'A typing error in a name or a value, two settings that exclude each other, or a secret that is not mounted.',
  NODES_ALLOW_UNKNOWN: 'A typing error, or the name of a node as the palette shows it rather than its type.',

  PORT_IN_USE: 'It was started twice, another Node-RED runs on 1880, or the one before has not ended yet.',
  PORT_NOT_ALLOWED: 'PORT is 80 or 443, and the user is not root.',
  HOST_NOT_HERE: 'HOST is the address of a load balancer, of another machine, or one that the machine had before.',
  HOST_UNKNOWN: 'A typing error, or a name service that is not reached (yet).',
  LISTEN_FAILED: 'An address of a kind that the machine has not (IPv6 that is off), or a limit of the system.',

  TLS_FILES_MISSING: 'Only REDSTART_TLS was set, or one of the two files.',
  TLS_FILE_UNREADABLE: 'A wrong path, a secret that is not mounted, or a file that only root can read.',
  TLS_KEY_EXPOSED: 'The file was copied with the usual rights (0644), or mounted with them.',
  TLS_CLIENT_CA_INVALID: 'The file is in another form (DER, PKCS #12), or it is an empty one.',
  TLS_CERT_INVALID: 'The file is in another form (DER, PKCS #12), or the two files are exchanged.',
  TLS_KEY_INVALID: 'The key was made with a passphrase, is in another form, or the two files are exchanged.',
  TLS_PAIR_MISMATCH: 'One of the two was renewed and the other not, or the chain stands before the certificate.',
  TLS_SELF_SIGNED_UNWRITABLE: 'A data folder that is mounted read-only, is full, or belongs to another user.',

  DATA_FOLDER_NOT_WRITABLE:
    'A volume that was made by root, or by another user id than the one that the image runs as; a full disk.',
  DATA_FOLDER_IN_USE:
    'It was started twice, the one before has not ended yet, or a second replica without REDSTART_DATABASE_URL.',
  DATABASE_UNAVAILABLE:
    'The database starts later than that, a wrong password, a firewall, or TLS that the address does not ask for.',
  LEASE_LOST:
    'A machine that was paused or overloaded, a network that was gone, a database that failed over, or a flow that kept everything waiting.',
  BACKUP_IN_DATABASE: '`backup` was run where REDSTART_DATABASE_URL is set.',
  DATA_FOLDER_LOCK_FAILED: 'A network file system without locks, or a disk that was full when the lock was made.',
  SETTINGS_FILE_DAMAGED: 'An edit by hand, or a disk that lost what was written last.',
  CREDENTIAL_SECRET_MISSING:
    'The data folder was copied without the file `credential-secret`, or the variable of before is not set any more.',
  CREDENTIAL_SECRET_WRONG:
    'The secret was changed without REDSTART_CREDENTIAL_SECRET_PREVIOUS, or it is that of another environment.',
  CREDENTIALS_FILE_DAMAGED: 'An edit by hand, a merge conflict, or a file of something else.',

  FLOWS_FOLDER_MISSING:
    'A mount that is missing, a typing error in REDSTART_FLOWS_DIR, or a relative path and another working folder.',
  FLOW_FILE_UNREADABLE: 'The file belongs to another user and is not for all to read.',
  FLOW_FILE_TOO_LARGE: 'A table, an image or a genome was pasted into a node.',
  FLOW_FILE_NOT_JSON: 'A merge conflict that was committed, or a comma too many after an edit by hand.',
  FLOW_FILE_NOT_FLOWS: 'A `package.json`, or data of something else, lies among the flows.',
  FLOW_FILE_IS_CREDENTIALS: 'The whole folder of a plain Node-RED was copied (`flows_cred.json`).',
  FLOW_FILE_HAS_CREDENTIALS: 'A file that was written by hand or by a program, with a password in it.',
  FLOW_DUPLICATE_ID: 'A flow file was copied as a file, or a merge kept both sides of one node.',
  NAMES_FILE_INVALID: 'A typing error, or wrong indentation: YAML goes by it.',
  NAMES_ENVIRONMENT_UNKNOWN:
    'A new installation without REDSTART_ENVIRONMENT, or an environment that was renamed in the file.',
  NAME_MISSING: 'A name was added for one environment, and forgotten for this one.',

  GIT_MISSING: 'It runs outside of the image, on a machine without git.',
  GIT_NOT_PERMITTED: '`--permission` was added without the flags that `redstart permission-flags` prints.',
  GIT_UNREACHABLE: 'The git host is down, a firewall or proxy is in between, or the address has a typing error.',
  GIT_ACCESS_DENIED:
    'The token has expired or was revoked, or has no right to read this repository. Some hosts say so of a repository that is not there, too.',
  GIT_HOST_UNKNOWN: 'The host renewed its key, the file was made for another host, or somebody is in between.',
  GIT_CERTIFICATE_UNTRUSTED:
    'A private authority that is not named here, a proxy that opens TLS, or a certificate that nobody renewed.',
  GIT_REF_MISSING: 'The branch was merged and removed, it was never pushed, or a typing error.',
  GIT_HISTORY_REWRITTEN: 'A `git push --force`: after a rebase, or by somebody who should not.',
  GIT_UNSIGNED: 'Somebody committed without signing, with a new key, or merged in the browser.',
  GIT_FLOWS_INVALID: 'It was pushed without a check in CI, or it has a link or a file that leads out of the folder.',
  GIT_REHEARSAL_FAILED:
    'The change does something else than the rehearsal expects, or the rehearsal expects what was before.',
  GIT_APPLY_FAILED: 'A node type that is not installed here, a full disk, or a folder that cannot be written.',
  GIT_PUSH_REFUSED: 'Two deployed at the same time, or the branch takes changes through reviews only.',

  FLOWS_READONLY: 'REDSTART_FLOWS_MODE is `readonly` (the default of the image), or flows come from git.',
  FLOW_NODE_INVALID: 'An import that was made by hand or by a program.',
  FLOW_FILE_CHANGED: 'A `git pull`, an editor or another deploy changed the file while yours was open.',
  FLOW_NAME_UNKNOWN: 'A typing error in the name, or one that is in another branch of the repository.',
  FLOWS_LOCKED: 'Two deploys at once, or a process that was killed while it wrote.',
  FLOW_SECRET_MISPLACED: '`secret:NAME` was entered in the properties of a flow, group or subflow.',
  FLOW_WRITE_FAILED: 'A full disk, or a folder that is mounted read-only or belongs to another user.',

  FLOW_REFUSED: 'A flow of another Node-RED uses `exec`, `tcp` or the like, which are off here.',
  FLOW_HELD_BACK: 'A function node threw where nothing catches it, ran without end, or took all memory.',
  FLOW_BLOCKED_EVERYTHING:
    'A `while` that never ends, a search pattern that takes for ever, or far too much data in one message.',
  EGRESS_BLOCKED:
    'The address is on this machine, in a private network or a metadata service; or a name or a redirect leads there.',
  FILE_OUTSIDE: 'An absolute path, or one with `..`, often from a flow of another Node-RED.',
  FILE_NOT_PLAIN: 'A link was put into the folder, or the name is that of a folder.',
  FILE_TOO_LARGE: 'A data file is read whole, or a file without line ends is read by lines.',

  SECRET_MISSING:
    'A typing error in the name, a secret that was not mounted in this environment, REDSTART_SECRETS_DIR that is not set, or a file of the program itself, which no flow gets.',

  STORE_UNAVAILABLE: 'A full disk, a volume that is gone or became read-only, or a database that does not answer.',
  STORE_CORRUPT: 'A disk fault, a copy that was made while it was written, or an edit by another program.',
  STORE_NEWER_SCHEMA: 'An upgrade was taken back.',
  STORE_TOO_LARGE: 'A flow collects in one key without end, or keeps a file in context.',
  STORE_NOT_SERIALISABLE: 'A flow keeps `msg.req`, `msg.res`, a timer or a connection in context.',

  NOT_BUILT: 'It was started from a clone without `npm run build`, or `dist` was removed.',
  RUNTIME_START_FAILED: 'Often a node package that does not fit, or a machine without memory.',
  TRACES_LOST: 'The collector is down or slow, another port or path, a key that has run out, or a proxy in between.',
};

/** The same for the errors of the Seqera nodes (`nodes/lib/errors.ts`). */
export const NODE_ERROR_CAUSES: Readonly<Record<string, string>> = {
  SEQERA_NO_CONNECTION:
    'TOWER_ACCESS_TOKEN is not set, or the flow came from a place where its connection had a token of its own.',
  SEQERA_INVALID_INPUT:
    'A field was left empty, a message does not have the property that the node reads, or has it in another form.',
  SEQERA_UNAUTHORIZED:
    'The token has expired or was revoked, was copied without its end, or belongs to another installation.',
  SEQERA_FORBIDDEN:
    'The user has a lesser role in this workspace, is no member, or the workspace id is that of another one.',
  SEQERA_NOT_FOUND: 'A typing error, something that was renamed or removed, or a node that looks in another workspace.',
  SEQERA_AMBIGUOUS_NAME:
    'Two pipelines, data links or datasets of the same name: in one workspace, or in one of yours and a shared one.',
  SEQERA_CONFLICT: 'A message came twice, somebody did the same by hand, or the thing is still starting or stopping.',
  SEQERA_BAD_REQUEST: 'Parameters that the pipeline or the compute environment does not take.',
  SEQERA_RATE_LIMITED: 'Several programs share one token, or flows ask for much at once.',
  SEQERA_SERVER_ERROR: 'An update or an outage of the Platform, or of a proxy before it.',
  SEQERA_TIMEOUT: 'A slow network, a proxy that holds answers back, or a very large answer.',
  SEQERA_UNREACHABLE: 'A typing error in the base URL, no way out without a proxy, or an outage.',
  SEQERA_TLS:
    'An Enterprise installation with a private authority, a proxy that opens TLS, or a certificate that nobody renewed.',
  SEQERA_REDIRECTED:
    'The base URL has `http` for `https`, or an old name of the installation; or a sign-in page stands before it.',
  SEQERA_BAD_ANSWER: 'The base URL is that of the web pages (without `/api`), or a sign-in page or a proxy answers.',
  SEQERA_ANSWER_TOO_LARGE: 'A listing without a search, or a dataset that is larger than a message should be.',
  SEQERA_AMBIGUOUS_LAUNCH: 'The connection broke after the launch was sent, and the run was not found afterwards.',
  SEQERA_STORE_FAILED: 'A full disk, a volume that became read-only, or a message with a file in it.',
  SEQERA_STOPPED: 'A deploy, a restart or an update in the middle of a call.',
  SEQERA_INTERNAL: 'A bug.',
};
