import { Command, Option } from 'commander';
import { number } from './commands/number-argument.ts';
import type { TestFlags } from './commands/test.ts';
import { version } from './version.ts';

interface TokenOptions {
  role?: string;
  http?: boolean;
  path?: string[];
  days: number;
  file?: string;
}

/** The command line. Each command is imported when it runs, so that a start pays for nothing else. */
export function createProgram(): Command {
  const program = new Command('redstart')
    .description('Automation for Seqera Platform: Node-RED flows, hardened, from version control.')
    .version(version())
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'WRONG_USAGE: ')) })
    .exitOverride()
    .helpCommand(false)
    .addHelpText('after', AFTER_HELP);

  program
    .command('serve')
    .description('run the flows, with the editor where a sign-in is configured')
    .option('--local', 'try it out: one-time password where no sign-in is configured, simulator where no token is')
    .option('--permission', 'with access to nothing but what this configuration needs; see docs/hardening.md')
    .action(async ({ local = false, permission = false }: { local?: boolean; permission?: boolean }) => {
      if (permission) (await import('./sandbox/restart-with-permissions.ts')).restartWithPermissions(local);
      const config = await processConfig({ local });
      const { serve } = await import('./commands/serve.ts');
      await serve(config);
    });

  program
    .command('config')
    .description('show the effective configuration and where each value comes from; secrets as set or unset')
    .option('--json', 'as JSON')
    .option('--local', 'as `serve --local` would see it')
    .action(async (options: { json?: boolean; local?: boolean }) =>
      (await import('./commands/config.ts')).config(options),
    );

  program
    .command('check')
    .description('look for mistakes in flow files and in the environment; nothing is started')
    .argument('[path]', 'a folder of flow files, or one file; the flows folder without')
    .option('--strict', 'warnings fail the check as well')
    .option('--no-environment', 'leave the environment variables out')
    .addOption(new Option('--json', 'as JSON').conflicts(['sarif', 'github']))
    .addOption(new Option('--sarif', 'as SARIF 2.1.0').conflicts(['github']))
    .option('--github', 'as annotations of a GitHub workflow')
    .action(async (path: string | undefined, options: CheckFlags) => {
      const { json, sarif, github, strict = false, environment = true } = options;
      const form = json ? 'json' : sarif ? 'sarif' : github ? 'github' : 'text';
      (await import('./commands/check.ts')).check(path, { form, strict, environment });
    });

  program
    .command('permission-flags')
    .description('print the flags that start Node.js with access to nothing but what this configuration needs')
    .option('--local', 'as `serve --local` would need it')
    .action(async (options: { local?: boolean }) =>
      (await import('./commands/permission-flags.ts')).showPermissionFlags(options),
    );

  program
    .command('test')
    .description('rehearse flows: run them against a simulated Platform, on virtual time, and compare what comes out')
    .argument('[path]', 'a folder with *.flowtest.yaml files, or one of them; the flows folder without')
    .option('--only <text>', 'only rehearsals with this text in their name or file')
    .option('--bail', 'stop at the first failure')
    .option('--watch', 'run again whenever a flow or test changes')
    .option('--junit <file>', 'write the results for a CI system')
    .option('--coverage', 'show which nodes and wires no message went through')
    .option('--coverage-json <file>', 'write the coverage as JSON')
    .option('--min-coverage <percent>', 'fail below it', number(/^\d{1,3}(\.\d+)?$/, 0, 100))
    .option('--jobs <number>', 'processes at once; by the number of rehearsals without', number(/^\d{1,2}$/, 1, 64))
    .action(async (path: string | undefined, options: TestFlags) =>
      (await import('./commands/test.ts')).test(path, options),
    );

  program
    .command('diff')
    .description('what changed in meaning between two versions of flows; where nodes are drawn is left out')
    .argument('<a>', 'a folder, a file, a git revision, REVISION:PATH, or A..B')
    .argument('[b]', 'the same; the flows folder without')
    .option('--positions', 'nodes that were moved too')
    .option('--exit-code', 'end with 1 when there are differences')
    .addOption(new Option('--markdown', 'as Markdown, for a pull request').conflicts('json'))
    .option('--json', 'as JSON')
    .action(async (a: string, b: string | undefined, options: DiffFlags) => {
      const { json, markdown, positions = false, exitCode = false } = options;
      const form = json ? 'json' : markdown ? 'markdown' : 'text';
      (await import('./commands/diff.ts')).diff(a, b, { form, positions, exitCode });
    });

  program
    .command('git-setup')
    .description('let git merge and show the flow files of this clone by what they mean')
    .argument('[path]', 'the folder of the flows; the flows folder without')
    .option('--undo', 'take it out again')
    .action(async (path: string | undefined, { undo = false }: { undo?: boolean }) =>
      (await import('./commands/git-setup.ts')).gitSetup(path, { undo }),
    );

  program
    .command('merge-driver')
    .description('merge a flow file by node and property; git calls it')
    .argument('<base>', 'what both come from (%O)')
    .argument('<ours>', 'our version, which the result replaces (%A)')
    .argument('<theirs>', 'the other version (%B)')
    .argument('<path>', 'where it belongs (%P)')
    .action(async (base: string, ours: string, theirs: string, path: string) =>
      (await import('./commands/merge-driver.ts')).mergeDriver(base, ours, theirs, path),
    );

  program
    .command('textconv')
    .description('show a flow file as lines that a diff reads well; git calls it')
    .argument('<file>', 'a flow file')
    .action(async (file: string) => (await import('./commands/textconv.ts')).textconv(file));

  program
    .command('hash-password')
    .description(
      'read a password, unseen from the terminal or from standard input, and print its bcrypt hash for REDSTART_…_PASSWORD_HASH',
    )
    .action(async () => (await import('./commands/hash-password.ts')).hashPassword());

  const token = program
    .command('token')
    .description('tokens for programs that use the admin API or the flows’ endpoints');
  token
    .command('create')
    .description('make a token: it is shown this once, the file holds only its hash')
    .argument('<name>', 'what it is for, as the audit trail shows it')
    .option('--role <role>', 'for the admin API: admin, editor, operator or viewer')
    .option('--http', 'for the flows’ endpoints instead, with --path')
    .option('--path <path...>', 'with --http: the beginnings of what it may call; / is all')
    .option('--days <number>', 'how long it is valid', number(/^\d{1,4}$/, 1, 3650), 90)
    .option('--file <file>', 'add it to this tokens file; without it the line to add is printed')
    .action(async (name: string, options: TokenOptions, command: Command) => {
      const { role, http = false, path: paths = [], ...rest } = options;
      const { createToken, PORTS } = await import('./commands/token.ts');
      if (http && role === undefined)
        return (await import('./commands/http-token.ts')).createHttpToken(name, { paths, ...rest }, PORTS);
      if (!http && role !== undefined && paths.length === 0) return createToken(name, { role, ...rest });
      return command.error("error: either '--role <role>' or '--http --path <path>' says what the token is for");
    });
  token
    .command('list')
    .description('show the tokens, when they end and when they were last used')
    .option('--file <file>', 'tokens file; REDSTART_TOKENS_FILE without')
    .action(async ({ file }: { file?: string }) => (await import('./commands/token.ts')).listTokens(file));
  token
    .command('revoke')
    .description('take a token out of the file: it is refused within 5 s')
    .argument('<name>', 'as in token list')
    .option('--file <file>', 'tokens file; REDSTART_TOKENS_FILE without')
    .action(async (name: string, { file }: { file?: string }) =>
      (await import('./commands/token.ts')).revokeToken(name, file),
    );

  program
    .command('simulator')
    .description('run the simulator of Seqera Platform by itself')
    .option('--port <number>', 'port to listen on; 0 takes any free one', number(/^\d{1,5}$/, 0, 65535), 0)
    .option('--speed <factor>', 'simulated seconds a second', number(/^\d+(\.\d+)?$/, 0.001, 1_000_000), 1)
    .option('--scenario <file>', 'YAML or JSON file that says how runs end and what goes wrong')
    .action(async (options: { port: number; speed: number; scenario?: string }) =>
      (await import('./commands/simulator.ts')).simulator(options),
    );

  program
    .command('backup')
    .description('copy what the flows remember, credentials and preferences into one file, while it runs or not')
    .argument('<file>', 'a name that is not taken')
    .action(async (file: string) => {
      const config = await processConfig({ local: false });
      await (await import('./commands/backup.ts')).backup(config, file);
    });

  program
    .command('restore')
    .description('put a backup in the place of what the data folder holds, while nothing runs on it')
    .argument('<file>', 'made by redstart backup')
    .action(async (file: string) => {
      const config = await processConfig({ local: false });
      await (await import('./commands/backup.ts')).restore(config, file);
    });

  program
    .command('rotate-secret')
    .description('encrypt credentials and sessions with a new secret; while it runs, at the next start')
    .action(async () => {
      const config = await processConfig({ local: false });
      await (await import('./commands/rotate-secret.ts')).rotateSecret(config);
    });

  program
    .command('log-level')
    .description('change the log levels of the program that runs on this data folder, until it ends')
    .argument('<levels>', 'as in LOG_LEVEL: debug, or info,git=debug; reset goes back to it')
    .action(async (levels: string) => {
      const config = await processConfig({ local: false });
      await (await import('./commands/log-level.ts')).logLevel(config, levels);
    });

  const audit = program.command('audit').description('the audit trail: who did what, and whether it was changed since');
  audit
    .command('verify')
    .description('check the chain of an audit trail; exit 1 when a line was changed, removed or added')
    .argument('[files...]', 'oldest first; those of the data folder without')
    .option('--head <hash>', 'a line that must be in it: its hash, as the log or an earlier check told it')
    .option('--json', 'as JSON')
    .action(async (files: string[], options: { head?: string; json?: boolean }) =>
      (await import('./commands/audit.ts')).verifyAudit(files, options),
    );

  const flows = program
    .command('flows')
    .description('flow files for review: one file a tab, code in files of its own')
    .helpCommand(false);
  flows
    .command('split')
    .description('write a Node-RED export into a folder as readable files; only files that change are touched')
    .argument('<export>', 'file of an export; - for standard input')
    .argument('<folder>', 'made if it is not there')
    .option('--replace', 'also remove flows that the folder has and the export has not')
    .action(async (source: string, folder: string, options: { replace?: boolean }) =>
      (await import('./commands/flows.ts')).split(source, folder, options),
    );
  flows
    .command('join')
    .description('print the flows of a folder as one Node-RED export, for Menu → Import')
    .argument('<folder>')
    .option('-o, --output <file>', 'write there instead')
    .action(async (folder: string, options: { output?: string }) =>
      (await import('./commands/flows.ts')).joinFlows(folder, options),
    );
  flows
    .command('format')
    .description('bring all flow files of a folder into the readable layout, exports too')
    .argument('<folder>')
    .option('--check', 'change nothing; exit 1 and name the files that would change')
    .action(async (folder: string, options: { check?: boolean }) =>
      (await import('./commands/flows.ts')).format(folder, options),
    );

  program
    .command('help')
    .description('show how to use a command')
    .argument('[command]', 'all of them without')
    .action((name?: string) => {
      if (name === undefined) program.help();
      const command = program.commands.find((one) => one.name() === name);
      // Commander's own help command shows the overview for a name that it does not know, and says nothing of it.
      if (!command) return program.error(`error: unknown command '${name}'`);
      command.help();
    });

  const helpFor = (command: Command, name: string): void => {
    command.showHelpAfterError(`→ ${name} --help shows how to use it.`);
    for (const one of command.commands) helpFor(one, `${name} ${one.name()}`);
  };
  helpFor(program, 'redstart');
  return program;
}

interface CheckFlags {
  strict?: boolean;
  environment?: boolean;
  json?: boolean;
  sarif?: boolean;
  github?: boolean;
}

interface DiffFlags {
  positions?: boolean;
  exitCode?: boolean;
  json?: boolean;
  markdown?: boolean;
}

const AFTER_HELP = `
Everything is set by environment variables: docs/environment.md has them all.
To try it without setting any: redstart serve --local
Errors go to standard error with a code; docs/errors.md has them, and the exit codes.`;

async function processConfig(options: { local: boolean }) {
  return (await import('./config/index.ts')).loadProcessConfig(options);
}
