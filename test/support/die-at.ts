// Loaded into the program before it by a test (NODE_OPTIONS=--import): it dies like kill -9 when it passes the point
// named in TEST_DIE_AT for the nth time (`launch.answered#1`). The program itself has no such setting.
const [point, count = '1'] = (process.env.TEST_DIE_AT ?? '').split('#');
let left = Number(count);

Object.assign(globalThis, {
  [Symbol.for('redstart.failpoints')]: (name: string) => {
    if (name !== point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  },
});

export {};
