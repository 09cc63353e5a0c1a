/** Who has to act. In words of the reference, which says what each of them is responsible for. */
export type Actor = 'operator' | 'flow author' | 'editor user' | 'caller';

/** What an error code stands for: docs/errors.md is made of this. */
export interface CatalogueEntry {
  /** Part of the reference. */
  readonly area: string;
  readonly meaning: string;
  readonly who: Actor;
  /** What mends it in general; the message of the moment says it with names and paths. */
  readonly mend: string;
  /** The program ends with it. From sysexits.h where it has one: a service manager can tell what is worth another start. */
  readonly exitCode?: number;
  /** A deploy is answered with it. */
  readonly status?: string;
}

/** Every error code of the server. A code is interface: it is never renamed, nor used again for something else. */
export const ERROR_CATALOGUE = {
  WRONG_USAGE: {
    area: 'Commands',
    meaning: 'The command, an option or an argument is not one that there is.',
    who: 'caller',
    mend: 'Look at the `--help` of the command.',
    exitCode: 2,
  },
  SIMULATOR_SCENARIO_INVALID: {
    area: 'Commands',
    meaning: 'The scenario of the simulator cannot be read, or says something that the simulator does not know.',
    who: 'caller',
    mend: 'Correct the file given with `--scenario`: every place that is wrong is named. simulator/README.md has an example of everything.',
    exitCode: 2,
  },
  PASSWORD_REFUSED: {
    area: 'Commands',
    meaning:
      '`hash-password` does not take this password: too short, too long, well known, or typed differently twice.',
    who: 'caller',
    mend: 'Choose another: a few unrelated words make a good one.',
    exitCode: 1,
  },
  TOKEN_REFUSED: {
    area: 'Commands',
    meaning:
      '`token` did not do what it was told: the name is taken or there is none such, or the file cannot be read, written or understood.',
    who: 'caller',
    mend: 'What the message says.',
    exitCode: 1,
  },
  LOG_LEVELS_INVALID: {
    area: 'Commands',
    meaning: '`log-level` was given something that is neither levels nor the word `reset`.',
    who: 'caller',
    mend: 'Write them as in LOG_LEVEL; docs/logs.md has the components.',
    exitCode: 2,
  },
  NOT_RUNNING: {
    area: 'Commands',
    meaning: 'The command is for a program that runs, and none does on this data folder.',
    who: 'caller',
    mend: 'Run it where the program runs: in its container, as its user, with the same environment.',
    exitCode: 1,
  },
  LOG_LEVELS_NOT_TAKEN: {
    area: 'Commands',
    meaning: 'The program runs, and did not take the new log levels within 10 seconds.',
    who: 'caller',
    mend: 'Try again. If it stays so, the program is busy, starting or stopping: its log says which.',
    exitCode: 1,
  },
  INTERRUPTED: {
    area: 'Commands',
    meaning: 'Ctrl-C was pressed at a question.',
    who: 'caller',
    mend: 'Run the command again.',
    exitCode: 130,
  },
  CHECK_SETTINGS_INVALID: {
    area: 'Commands',
    meaning: '`.redstartrc` is no YAML, or names a rule, a level or an entry that there is not.',
    who: 'flow author',
    mend: 'Correct the line that is named. docs/check.md has every rule.',
    exitCode: 2,
  },
  FLOW_TESTS_INVALID: {
    area: 'Commands',
    meaning: 'A test file (`*.flowtest.yaml`) is no YAML, or says something that a rehearsal does not know.',
    who: 'flow author',
    mend: 'Correct the lines that are named: all of them are told at once. docs/rehearsals.md has an example of everything.',
    exitCode: 2,
  },
  FLOW_TESTS_NONE: {
    area: 'Commands',
    meaning: 'There is no rehearsal where `redstart test` looks, or none that `--only` asks for.',
    who: 'caller',
    mend: 'Put a `*.flowtest.yaml` beside the flows, or name another path.',
    exitCode: 2,
  },
  FLOW_TESTS_UNREADABLE: {
    area: 'Commands',
    meaning: 'The path given to `redstart test` is not there, cannot be read, or is no test file.',
    who: 'caller',
    mend: 'Name a test file (`*.flowtest.yaml`), or a folder that holds some.',
    exitCode: 2,
  },
  REHEARSAL_START_FAILED: {
    area: 'Commands',
    meaning: 'The process in which rehearsals run did not start.',
    who: 'operator',
    mend: 'The message says why. A container that forbids child processes has to allow them for `redstart test`.',
    exitCode: 70,
  },
  DIFF_SOURCE_INVALID: {
    area: 'Commands',
    meaning:
      'What `diff` is to compare is no flow file, no folder of them and no revision, or holds no flows that can be read.',
    who: 'caller',
    mend: 'Give two paths, two git revisions, `REVISION:PATH`, or `A..B`.',
    exitCode: 2,
  },
  GIT_SETUP_FAILED: {
    area: 'Commands',
    meaning: '`git-setup` was not started in a git repository, or git refused.',
    who: 'caller',
    mend: 'Run it in the repository that holds the flows, as a user who may change its configuration.',
    exitCode: 1,
  },
  BACKUP_FAILED: {
    area: 'Commands',
    meaning: '`backup` made no file: the name is taken, there is no data folder, or the file cannot be written.',
    who: 'operator',
    mend: 'Choose a name that is not taken on a disk with room, and set REDSTART_DATA_DIR to the folder that is meant.',
    exitCode: 73,
  },
  BACKUP_UNUSABLE: {
    area: 'Commands',
    meaning: '`restore` does not take the file: it is no backup, damaged, or of a newer version. Nothing was changed.',
    who: 'operator',
    mend: 'Give a file that `redstart backup` of this version or an earlier one made.',
    exitCode: 65,
  },
  AUDIT_BROKEN: {
    area: 'Commands',
    meaning: '`audit verify` found lines that were changed, removed, added or put in another order.',
    who: 'operator',
    mend: 'Compare the lines that it names with a copy of the trail kept elsewhere; docs/audit.md says what each fault means.',
    exitCode: 1,
  },
  AUDIT_UNREADABLE: {
    area: 'Commands',
    meaning: '`audit verify` has no file to look at, or cannot read one.',
    who: 'caller',
    mend: 'Name the files, oldest first, or set REDSTART_DATA_DIR to the folder that has the trail.',
    exitCode: 66,
  },
  FLOWS_WOULD_BE_REMOVED: {
    area: 'Commands',
    meaning: '`flows split` would remove flows that are in the folder and not in the export. Nothing was changed.',
    who: 'caller',
    mend: 'Give `--replace` if they are to go, or another folder.',
    exitCode: 73,
  },
  FLOWS_NOT_FORMATTED: {
    area: 'Commands',
    meaning: '`flows format --check` found files that are not in the readable layout, or not as it would write them.',
    who: 'flow author',
    mend: 'Run `redstart flows format` on the folder and commit what it changed.',
    exitCode: 1,
  },
  ROTATION_NEEDS_PREVIOUS: {
    area: 'Commands',
    meaning: '`rotate-secret` cannot change a secret that comes from the environment.',
    who: 'operator',
    mend: 'Set REDSTART_CREDENTIAL_SECRET to the new secret and REDSTART_CREDENTIAL_SECRET_PREVIOUS to the old one, and restart.',
    exitCode: 78,
  },

  CONFIG_INVALID: {
    area: 'Configuration',
    meaning: 'Environment variables are wrong, contradict each other, are unknown, or name files that cannot be read.',
    who: 'operator',
    mend: 'Correct the variables that the message lists, all of them at once. `redstart config` shows where each value comes from.',
    exitCode: 78,
  },
  NODES_ALLOW_UNKNOWN: {
    area: 'Configuration',
    meaning:
      'REDSTART_NODES_ALLOW names something that is no group of nodes, no node type in one, and no node package.',
    who: 'operator',
    mend: 'Use the names that the message lists.',
    exitCode: 78,
  },

  PORT_IN_USE: {
    area: 'Address',
    meaning: 'Another program listens on this port. Often it is another Redstart with the same flows.',
    who: 'operator',
    mend: 'Stop that program, or set PORT (for the simulator alone: `--port`) to a free one.',
    exitCode: 69,
  },
  PORT_NOT_ALLOWED: {
    area: 'Address',
    meaning: 'This user may not listen on this port: those below 1024 need a privilege.',
    who: 'operator',
    mend: 'Set PORT to one above 1023 and map it outside, or give the process the privilege.',
    exitCode: 77,
  },
  HOST_NOT_HERE: {
    area: 'Address',
    meaning: 'HOST is an address that this machine does not have.',
    who: 'operator',
    mend: 'Set HOST to an address of this machine, 127.0.0.1 or 0.0.0.0.',
    exitCode: 78,
  },
  HOST_UNKNOWN: {
    area: 'Address',
    meaning: 'HOST is a name that cannot be resolved.',
    who: 'operator',
    mend: 'Set HOST to an address of this machine, 127.0.0.1 or 0.0.0.0; or mend the name service.',
    exitCode: 68,
  },
  LISTEN_FAILED: {
    area: 'Address',
    meaning: 'The system refused to listen, for a reason that none of the other codes stands for.',
    who: 'operator',
    mend: 'Check HOST and PORT against what the message says.',
    exitCode: 69,
  },

  TLS_FILES_MISSING: {
    area: 'TLS',
    meaning: 'REDSTART_TLS=files is set without a certificate and a key.',
    who: 'operator',
    mend: 'Set REDSTART_TLS_CERT_FILE and REDSTART_TLS_KEY_FILE.',
    exitCode: 78,
  },
  TLS_FILE_UNREADABLE: {
    area: 'TLS',
    meaning: 'The file of the certificate or of the key cannot be read.',
    who: 'operator',
    mend: 'Mount it, and let the user of the process read it.',
    exitCode: 66,
  },
  TLS_KEY_EXPOSED: {
    area: 'TLS',
    meaning: 'Every user of the machine can read or change the key.',
    who: 'operator',
    mend: '`chmod 600`; in Kubernetes `defaultMode: 0440` with an `fsGroup`. A key that others could read needs replacing.',
    exitCode: 78,
  },
  TLS_CLIENT_CA_INVALID: {
    area: 'TLS',
    meaning: 'The file of REDSTART_TLS_CLIENT_CA_FILE holds no certificates of authorities in PEM form.',
    who: 'operator',
    mend: 'Give the certificates of the authorities that issue your client certificates, as PEM.',
    exitCode: 65,
  },
  TLS_CERT_INVALID: {
    area: 'TLS',
    meaning: 'The file of the certificate holds none in PEM form.',
    who: 'operator',
    mend: 'Give the certificate, followed by its chain, as PEM.',
    exitCode: 65,
  },
  TLS_KEY_INVALID: {
    area: 'TLS',
    meaning: 'The file of the key holds no private key in PEM form, or one with a passphrase.',
    who: 'operator',
    mend: 'Give the key as PEM without a passphrase.',
    exitCode: 65,
  },
  TLS_PAIR_MISMATCH: {
    area: 'TLS',
    meaning: 'The certificate was not issued for this key.',
    who: 'operator',
    mend: 'Give the two that belong together; in the file of the certificate that of the server comes first.',
    exitCode: 65,
  },
  TLS_SELF_SIGNED_UNWRITABLE: {
    area: 'TLS',
    meaning: 'The certificate that Redstart made cannot be kept in the data folder.',
    who: 'operator',
    mend: 'Make the folder writable, or bring a certificate (REDSTART_TLS=files).',
    exitCode: 73,
  },

  DATA_FOLDER_NOT_WRITABLE: {
    area: 'Data folder',
    meaning: 'The data folder cannot be made or written: rights, a read-only mount, a full disk, a file in its place.',
    who: 'operator',
    mend: 'What the message says, with the path, its owner and the `chown` to run; or set REDSTART_DATA_DIR.',
    exitCode: 73,
  },
  DATA_FOLDER_IN_USE: {
    area: 'Data folder',
    meaning: 'Another process works in this data folder. Two would run every flow twice.',
    who: 'operator',
    mend: 'Stop the other one, or give this one a folder of its own (REDSTART_DATA_DIR).',
    exitCode: 75,
  },
  DATABASE_UNAVAILABLE: {
    area: 'Several replicas',
    meaning: 'The database that replicas share could not be used for a minute after the start.',
    who: 'operator',
    mend: 'Check that it runs and can be reached, and the user, password and rights in REDSTART_DATABASE_URL.',
    exitCode: 69,
  },
  LEASE_LOST: {
    area: 'Several replicas',
    meaning:
      'This process stood still, or could not reach the database, for longer than its lease: another replica runs the flows, or will. It ended so that nothing is done twice.',
    who: 'operator',
    mend: 'Nothing, if whatever started it starts it again: it then stands by. Often: look at the network to the database, and at REDSTART_LEASE_SECONDS.',
    exitCode: 75,
  },
  BACKUP_IN_DATABASE: {
    area: 'Several replicas',
    meaning: 'What the flows remember is in the database of REDSTART_DATABASE_URL, and not in the data folder.',
    who: 'operator',
    mend: 'Back the database up with its own tools (`pg_dump`).',
    exitCode: 2,
  },
  DATA_FOLDER_LOCK_FAILED: {
    area: 'Data folder',
    meaning: 'The lock file of the data folder is damaged, or the file system has no locks.',
    who: 'operator',
    mend: 'Remove the file that the message names (it holds nothing), or put the folder on a file system with locks.',
    exitCode: 75,
  },
  SETTINGS_FILE_DAMAGED: {
    area: 'Data folder',
    meaning: '`settings.json` of the data folder is no JSON.',
    who: 'operator',
    mend: 'Restore it from a backup, or remove it: it holds preferences of the editor.',
    exitCode: 65,
  },
  CREDENTIAL_SECRET_MISSING: {
    area: 'Data folder',
    meaning: 'There are encrypted credentials and no secret to open them.',
    who: 'operator',
    mend: 'Set REDSTART_CREDENTIAL_SECRET, or restore the file `credential-secret` of the data folder.',
    exitCode: 78,
  },
  CREDENTIAL_SECRET_WRONG: {
    area: 'Data folder',
    meaning: 'The secret does not open the credentials. Starting with it would lose them at the next deploy.',
    who: 'operator',
    mend: 'Set REDSTART_CREDENTIAL_SECRET to the one of before, or remove `credentials.json` and enter them again.',
    exitCode: 78,
  },
  CREDENTIALS_FILE_DAMAGED: {
    area: 'Data folder',
    meaning: '`credentials.json` of the data folder is not what Node-RED writes there.',
    who: 'operator',
    mend: 'Restore it from a backup, or remove it and enter the credentials again.',
    exitCode: 65,
  },

  FLOWS_FOLDER_MISSING: {
    area: 'Flow files',
    meaning: 'The flows folder does not exist, or cannot be entered.',
    who: 'operator',
    mend: 'Make it or mount it, or set REDSTART_FLOWS_DIR.',
    exitCode: 66,
  },
  FLOW_FILE_UNREADABLE: {
    area: 'Flow files',
    meaning: 'A flow file cannot be read.',
    who: 'operator',
    mend: 'Give the user of the process the right to read it, or take it out of the folder.',
    exitCode: 66,
  },
  FLOW_FILE_TOO_LARGE: {
    area: 'Flow files',
    meaning: 'A flow file has more than 32 MiB. The editor could not show it, and no deploy would fit.',
    who: 'flow author',
    mend: 'Take data out of the flow (read it when it runs), or split the flow.',
    exitCode: 65,
  },
  FLOW_FILE_NOT_JSON: {
    area: 'Flow files',
    meaning: 'A flow file is no JSON, for example because of a merge conflict in it.',
    who: 'flow author',
    mend: 'Correct it at the line and column of the message.',
    exitCode: 65,
  },
  FLOW_FILE_NOT_FLOWS: {
    area: 'Flow files',
    meaning: 'A JSON file in the flows folder holds no flows.',
    who: 'flow author',
    mend: 'Move it out of the folder, or export the flows again.',
    exitCode: 65,
  },
  FLOW_FILE_IS_CREDENTIALS: {
    area: 'Flow files',
    meaning: 'The credentials file of another Node-RED lies in the flows folder.',
    who: 'flow author',
    mend: 'Move it out of the folder; the message says how its credentials are taken over.',
    exitCode: 65,
  },
  FLOW_FILE_HAS_CREDENTIALS: {
    area: 'Flow files',
    meaning: 'A node in a flow file has a credential that is not a reference `secret:NAME`.',
    who: 'flow author',
    mend: 'Put the secret into a file of REDSTART_SECRETS_DIR, and `secret:` with the name of that file into the flow file. A secret that was committed needs replacing.',
    exitCode: 65,
  },
  FLOW_DUPLICATE_ID: {
    area: 'Flow files',
    meaning: 'Two nodes have the same id, or one has the id of a connection of the environment.',
    who: 'flow author',
    mend: 'Keep one of the two. Copies of flows are made by import in the editor, which gives them new ids.',
    exitCode: 65,
  },

  NAMES_FILE_INVALID: {
    area: 'Flow files',
    meaning: '`redstart.yaml` beside the flows is no YAML, or has something in it that does not belong there.',
    who: 'flow author',
    mend: 'Correct the line that is named. docs/promotion.md has an example.',
    exitCode: 65,
  },
  NAMES_ENVIRONMENT_UNKNOWN: {
    area: 'Flow files',
    meaning:
      'Flows use names of `redstart.yaml`, and REDSTART_ENVIRONMENT is not set, or names an environment that the file has not.',
    who: 'operator',
    mend: 'Set REDSTART_ENVIRONMENT to one of the environments in the file.',
    exitCode: 78,
  },
  NAME_MISSING: {
    area: 'Flow files',
    meaning: 'Flows use a name, and `redstart.yaml` does not say what it is in this environment.',
    who: 'flow author',
    mend: 'Add it to the environment in the file. `redstart check` looks for that in all environments.',
    exitCode: 65,
  },
  GIT_MISSING: {
    area: 'Git',
    meaning: 'REDSTART_GIT_URL is set, and the program git is not there.',
    who: 'operator',
    mend: 'Install git, and ssh for ssh addresses and signatures. The image has both.',
    exitCode: 69,
  },
  GIT_NOT_PERMITTED: {
    area: 'Git',
    meaning: 'REDSTART_GIT_URL is set, and Node.js runs with `--permission`, under which no other program is started.',
    who: 'operator',
    mend: 'Add `--allow-child-process` to the options of node, or mount the flows as a folder.',
    exitCode: 78,
  },
  GIT_UNREACHABLE: {
    area: 'Git',
    meaning: 'The repository is gone, or cannot be reached. The flows of the last good revision go on.',
    who: 'operator',
    mend: 'Check REDSTART_GIT_URL and the network. It is tried again by itself, less and less often.',
    exitCode: 69,
  },
  GIT_ACCESS_DENIED: {
    area: 'Git',
    meaning: 'The repository refuses the token or the key. The flows of the last good revision go on.',
    who: 'operator',
    mend: 'Renew REDSTART_GIT_TOKEN or REDSTART_GIT_SSH_KEY_FILE, or give it the right to this repository.',
    exitCode: 77,
  },
  GIT_HOST_UNKNOWN: {
    area: 'Git',
    meaning:
      'The ssh server does not have the key that REDSTART_GIT_KNOWN_HOSTS_FILE says: another machine answers, or it was renewed.',
    who: 'operator',
    mend: 'Compare the key with what your git host publishes, then put it into the file.',
    exitCode: 78,
  },
  GIT_CERTIFICATE_UNTRUSTED: {
    area: 'Git',
    meaning:
      'The https server has a certificate of an authority that is not trusted here, for another name, or expired.',
    who: 'operator',
    mend: 'Put the private authority into the file of NODE_EXTRA_CA_CERTS: git then trusts it too. If it is a public one, find out who is in between.',
    exitCode: 78,
  },
  GIT_REF_MISSING: {
    area: 'Git',
    meaning: 'The branch or tag is not in the repository, or not any more. The flows of the last good revision go on.',
    who: 'operator',
    mend: 'Push it, or set REDSTART_GIT_REF.',
    exitCode: 78,
  },
  GIT_HISTORY_REWRITTEN: {
    area: 'Git',
    meaning: 'The branch was force-pushed: the revision in force is not in its history. It is not followed there.',
    who: 'operator',
    mend: 'Find out who did that and why. To follow it: REDSTART_GIT_REWRITES=follow.',
    exitCode: 78,
  },
  GIT_UNSIGNED: {
    area: 'Git',
    meaning: 'The newest commit is not signed, or not by one of REDSTART_GIT_ALLOWED_SIGNERS_FILE.',
    who: 'flow author',
    mend: 'Sign it with an SSH key (`git commit -S`, `gpg.format=ssh`) that is in the file. A merge commit that the git host makes is signed by the host, or not at all.',
    exitCode: 78,
  },
  GIT_FLOWS_INVALID: {
    area: 'Git',
    meaning: '`redstart check` finds errors in the flows of the new revision, or it has what a revision must not have.',
    who: 'flow author',
    mend: 'Correct what the message names and push again. Run `redstart check` before.',
    exitCode: 65,
  },
  GIT_REHEARSAL_FAILED: {
    area: 'Git',
    meaning: 'A rehearsal of the new revision fails (REDSTART_GIT_REHEARSE=true).',
    who: 'flow author',
    mend: 'Run `redstart test` in the repository, correct the flow or the rehearsal, and push again.',
    exitCode: 65,
  },
  GIT_APPLY_FAILED: {
    area: 'Git',
    meaning:
      'The flows of the new revision did not start, or could not be written. The last good revision is in force again.',
    who: 'operator',
    mend: 'What the message says.',
    exitCode: 73,
  },
  GIT_PUSH_REFUSED: {
    area: 'Git',
    meaning:
      'A deploy could not be pushed to REDSTART_GIT_PUSH: somebody else had pushed, or the branch is protected. It was pushed to a branch of its own.',
    who: 'flow author',
    mend: 'Merge the branch that the message names.',
    exitCode: 69,
  },

  FLOWS_READONLY: {
    area: 'Deploy',
    meaning: 'The flows cannot be changed here.',
    who: 'editor user',
    mend: 'Change the flow files in version control.',
    status: '403',
  },
  FLOW_NODE_INVALID: {
    area: 'Deploy',
    meaning: 'A node has no id or no type, or its type is a word of JavaScript itself, such as `constructor`.',
    who: 'editor user',
    mend: 'Remove the node: Node-RED could not start with it.',
    status: '400',
  },
  FLOW_FILE_CHANGED: {
    area: 'Deploy',
    meaning: 'A flow file changed on disk since it was read; deploying would overwrite that.',
    who: 'editor user',
    mend: 'Export what you changed, restart the flows (in the Deploy menu), reload the page, import your change.',
    status: '409',
  },
  FLOW_NAME_UNKNOWN: {
    area: 'Deploy',
    meaning:
      'The deploy uses the name of a pipeline or the like that `redstart.yaml` does not have for this environment.',
    who: 'editor user',
    mend: 'Correct the name, or add it to the file first.',
    status: '422',
  },
  FLOWS_LOCKED: {
    area: 'Deploy',
    meaning: 'Another process is writing the flow files, and did not end within five seconds.',
    who: 'operator',
    mend: 'Deploy again. If nothing writes there, remove the lock file that the message names.',
    status: '423',
  },
  FLOW_SECRET_MISPLACED: {
    area: 'Deploy',
    meaning: 'An environment variable of a flow, group or subflow refers to a secret. Only credentials of nodes can.',
    who: 'editor user',
    mend: 'Enter the reference in the credential field of the node that needs it.',
    status: '400',
  },
  FLOW_WRITE_FAILED: {
    area: 'Deploy',
    meaning: 'The flow files could not be written. All of them are as they were.',
    who: 'operator',
    mend: 'Make room on the disk, or the folder writable, and deploy again.',
    status: '500, or 507 when the disk is full',
  },

  FLOW_REFUSED: {
    area: 'Limits of flows',
    meaning: 'A flow uses a node that is off. That flow is loaded disabled, the others run; `/readyz` answers 503.',
    who: 'flow author',
    mend: 'Do without the node; or the operator names its group in REDSTART_NODES_ALLOW. docs/hardening.md has what each opens.',
  },
  FLOW_HELD_BACK: {
    area: 'Limits of flows',
    meaning: 'A flow brought the program down at its last run. It is loaded disabled, the others run.',
    who: 'flow author',
    mend: 'Find the fault with the node, the time and the cause that the log names; deploy the flow enabled, or change its file.',
  },
  FLOW_BLOCKED_EVERYTHING: {
    area: 'Limits of flows',
    meaning: 'Code kept everything else waiting for longer than REDSTART_LOOP_LIMIT_SECONDS, so the program was ended.',
    who: 'flow author',
    mend: 'Mend the node that the message names: most often it is a loop without end, or a computation that takes too long in one go. Start the program again: it holds that flow back.',
    exitCode: 79,
  },
  EGRESS_BLOCKED: {
    area: 'Limits of flows',
    meaning: 'A flow tried to connect to an address that it may not reach. Nothing was sent.',
    who: 'flow author',
    mend: 'Call another address; or the operator allows it with REDSTART_EGRESS_ALLOW or REDSTART_EGRESS_PRIVATE. Metadata services of clouds and link-local addresses cannot be allowed.',
  },
  FILE_OUTSIDE: {
    area: 'Limits of flows',
    meaning:
      'A file node was to use a file outside of the folder `files` of the data folder. Nothing was read or written.',
    who: 'flow author',
    mend: 'Name a file in that folder, relative to it; or the operator opens all files with REDSTART_NODES_ALLOW=file.',
  },
  FILE_NOT_PLAIN: {
    area: 'Limits of flows',
    meaning: 'What a file node was to use is a link, behind a link, a folder, a pipe, a socket or a device.',
    who: 'flow author',
    mend: 'Name a plain file. To bring in another folder, mount it within `files`.',
  },
  FILE_TOO_LARGE: {
    area: 'Limits of flows',
    meaning: 'A file has more than 50 MiB, and was to be read into one message; or a line of it has.',
    who: 'flow author',
    mend: 'Read it in lines or as a stream of buffers.',
  },

  SECRET_MISSING: {
    area: 'Secrets of flows',
    meaning: 'A credential of a node refers to a secret (`secret:NAME`) that is not there. That node is not made.',
    who: 'operator',
    mend: 'Put a file with that name into the folder of REDSTART_SECRETS_DIR, readable for the user of the process, then restart the flows.',
  },

  STORE_UNAVAILABLE: {
    area: 'State',
    meaning: 'The context store cannot be opened, read or written. Flows get this error, and `/readyz` answers 503.',
    who: 'operator',
    mend: 'Make room on the disk, or the data folder writable. It is used again as soon as it can be.',
  },
  STORE_CORRUPT: {
    area: 'State',
    meaning: 'The context store is damaged. It was kept aside; nothing was put in its place; `/readyz` answers 503.',
    who: 'operator',
    mend: 'Put a backup in its place, or restart to begin with an empty one: what flows remembered is then gone.',
  },
  STORE_NEWER_SCHEMA: {
    area: 'State',
    meaning: 'The context store was written by a newer version of Redstart.',
    who: 'operator',
    mend: 'Run that version, or restore a backup made before the upgrade.',
    exitCode: 78,
  },
  STORE_TOO_LARGE: {
    area: 'State',
    meaning: 'A value is larger than the context store takes.',
    who: 'flow author',
    mend: 'Spread it over several keys, or keep the data in a file and its name in context.',
  },
  STORE_NOT_SERIALISABLE: {
    area: 'State',
    meaning: 'A value holds something that cannot outlive the process: a function, a socket, a circle.',
    who: 'flow author',
    mend: 'Keep only data in context, or use the context store `memory`.',
  },

  NOT_BUILT: {
    area: 'Program',
    meaning: 'A compiled part of the program is not there.',
    who: 'operator',
    mend: '`npm run build`; with an image: it is broken.',
    exitCode: 70,
  },
  RUNTIME_START_FAILED: {
    area: 'Program',
    meaning: 'Node-RED did not start, for a reason that none of the other codes stands for.',
    who: 'operator',
    mend: 'The log says what it was doing. If that tells nothing that you can mend, report it with the log.',
    exitCode: 70,
  },
  TRACES_LOST: {
    area: 'Program',
    meaning: 'Traces cannot be sent, or there are more of them than the collector takes. Flows are not affected.',
    who: 'operator',
    mend: 'The message says why. Look at the collector, at OTEL_EXPORTER_OTLP_ENDPOINT, and at the key in OTEL_EXPORTER_OTLP_HEADERS; have a part of the traces recorded with OTEL_TRACES_SAMPLER. docs/traces.md has more.',
  },
} as const satisfies Record<string, CatalogueEntry>;

type Catalogue = typeof ERROR_CATALOGUE;
type CodesWith<Part> = { [Code in keyof Catalogue]: Catalogue[Code] extends Part ? Code : never }[keyof Catalogue];

export type ErrorCode = keyof Catalogue;
/** Codes that the program ends with. */
export type FatalCode = CodesWith<{ exitCode: number }>;
/** Codes that a deploy is refused with. */
export type DeployCode = CodesWith<{ area: 'Deploy' }>;
/** Why a revision of the flows' repository is not in force. */
export type GitCode = CodesWith<{ area: 'Git' }>;
/** Codes of the context store. */
export type StoreCode = CodesWith<{ area: 'State' }>;
