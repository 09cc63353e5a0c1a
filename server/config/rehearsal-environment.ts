/**
 * The environment of a process in which flows are rehearsed: nothing that could make it behave otherwise on another
 * machine, and no token, proxy or address that leads to anything real.
 */
export function rehearsalEnvironment(home: string): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { ...(PATH === undefined ? {} : { PATH }), HOME: home, TZ: 'UTC', NODE_ENV: 'production' };
}

/** Sets variables that flows read, until the function that it returns is called. */
export function setVariables(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((name): [string, string | undefined] => [name, process.env[name]]);
  Object.assign(process.env, values);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
