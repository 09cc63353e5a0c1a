// Loaded into the program before it by a test (NODE_OPTIONS=--import): at each SIGUSR2 it collects all garbage and says what
// is left as a line of its log, `{"level":"info","component":"test","msg":"live heap","mebibytes":…}`.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
process.on('SIGUSR2', () => {
  collect();
  const mebibytes = Math.round((process.memoryUsage().heapUsed / 1024 / 1024) * 10) / 10;
  process.stdout.write(`${JSON.stringify({ level: 'info', component: 'test', msg: 'live heap', mebibytes })}\n`);
});
