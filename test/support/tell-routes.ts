// Loaded into the program before it by a test (NODE_OPTIONS=--import): at SIGUSR2 it writes every route that any Express
// app in it has, those of nodes and plugins too, into the file TEST_ROUTES_FILE. The program itself has no such setting.
import { renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Route {
  path: string | RegExp | (string | RegExp)[];
  methods: Record<string, boolean>;
}

const file = process.env.TEST_ROUTES_FILE;
const express = createRequire(import.meta.url)('express') as { Router: { route(path: unknown): Route } };
const made: Route[] = [];
const makeRoute = express.Router.route;
express.Router.route = function (path) {
  const route = makeRoute.call(this, path);
  made.push(route);
  return route;
};

process.on('SIGUSR2', () => {
  if (file === undefined) return;
  const routes = made.flatMap(({ path, methods }) =>
    [path].flat().flatMap((one) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${one}`)),
  );
  writeFileSync(`${file}.new`, JSON.stringify(routes));
  renameSync(`${file}.new`, file);
});
