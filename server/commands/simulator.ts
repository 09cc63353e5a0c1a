import { createSimulator, readScenarioFile, type Scenario, ScenarioError } from '../../simulator/index.ts';
import { RedstartError } from '../errors.ts';

/** Runs the simulator until it is told to stop, and prints what a client needs to use it. */
export async function simulator(options: { port: number; speed: number; scenario?: string }): Promise<void> {
  const scenario = options.scenario === undefined ? {} : { scenario: readScenario(options.scenario) };
  const running = await createSimulator({ port: options.port, speed: options.speed, ...scenario }).catch((error) => {
    throw cannotListen(error, options.port);
  });
  console.log(
    [
      `The simulator of Seqera Platform answers at ${running.url}, at ${options.speed} simulated seconds a second.`,
      'It takes any token. To use it:',
      '',
      `  export TOWER_API_ENDPOINT=${running.url}`,
      '  export TOWER_ACCESS_TOKEN=simulator-token',
      '  export TOWER_WORKSPACE_ID=70001',
    ].join('\n'),
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await running.close();
}

function readScenario(file: string): Scenario {
  try {
    return readScenarioFile(file);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    throw new RedstartError({
      code: error.code,
      message: `the scenario cannot be used: ${error.message}`,
      mend: 'Correct the file given with --scenario.',
    });
  }
}

function cannotListen(error: unknown, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  return new RedstartError({
    code: code === 'EACCES' ? 'PORT_NOT_ALLOWED' : 'PORT_IN_USE',
    message: code === 'EACCES' ? `port ${port} needs a privilege` : `port ${port} is in use by another process`,
    mend: 'Choose another with --port, or leave it out for any free one.',
    cause: error,
  });
}
