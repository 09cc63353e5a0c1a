import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { Container } from './support/container.ts';
import { BASE, buildImage, docker, IMAGE, LABELS, noEngine, tryDocker } from './support/engine.ts';

const inspect = (image: string, format: string) =>
  JSON.parse(docker('image', 'inspect', '--format', `{{json ${format}}}`, image));
const inside = (...command: string[]) =>
  docker('run', '--rm', '--entrypoint', command[0] ?? '', IMAGE, ...command.slice(1));

describe.skipIf(noEngine !== null)('the image', () => {
  beforeAll(() => buildImage());

  it('is at most 120 MB larger than its base', () => {
    const added = inspect(IMAGE, '.Size') - inspect(BASE, '.Size');
    console.log(
      JSON.stringify({ addedMB: Math.round(added / 1e5) / 10, baseMB: Math.round(inspect(BASE, '.Size') / 1e6) }),
    );
    expect(added).toBeLessThanOrEqual(120e6);
  });

  it('says what it is, and runs as a user that is not root', () => {
    expect(inspect(IMAGE, '.Config.Labels')).toMatchObject({
      'org.opencontainers.image.title': 'Redstart',
      'org.opencontainers.image.version': LABELS.VERSION,
      'org.opencontainers.image.revision': LABELS.REVISION,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    });
    expect(inspect(IMAGE, '.Config.User')).toBe('1000:0');
    expect(inspect(IMAGE, '.Config.Volumes')).toEqual({ '/data': {} });
    // No secret, and no place for one, is in its environment.
    const env: string[] = inspect(IMAGE, '.Config.Env');
    expect(env.filter((line) => /(?:TOKEN|PASSWORD|HASH|SECRET)=/.test(line))).toEqual([]);
  });

  it('holds no compiler, no package manager for Node.js, no development package and no source', () => {
    const tools = 'npm npx yarn corepack gcc cc g++ make python3 tsc'.split(' ');
    expect(inside('sh', '-c', `${tools.map((tool) => `command -v ${tool}`).join(';')}; true`)).toBe('');
    const files = inside('find', '/app', '-type', 'f').split('\n');
    expect(files.length).toBeGreaterThan(1000);
    const pack = files.filter((file) => !file.startsWith('/app/node_modules/@node-red/'));
    expect(pack.filter((file) => /\.(?:ts|mts|cts|tsx|map)$|\.test\.js$/.test(file))).toEqual([]);
    expect(
      files.filter((file) =>
        /\/node_modules\/(?:typescript|vitest|vitepress|vite|vue|rolldown|esbuild|axe-core|node|npm|@biomejs|playwright-core)\//.test(
          file,
        ),
      ),
    ).toEqual([
      // What Node-RED asks for when it is loaded.
      '/app/node_modules/npm/package.json',
    ]);
  });

  it('lists what is in it, exactly', () => {
    const sbom = JSON.parse(inside('cat', '/app/sbom.json')) as {
      specVersion: string;
      components: { name: string; version: string; purl: string; hashes?: unknown[] }[];
    };
    const listed = sbom.components
      .filter(({ purl }) => purl.startsWith('pkg:npm/'))
      .map(({ name, version }) => `${name}@${version}`);
    const there = inside(
      'sh',
      '-c',
      String.raw`find /app/node_modules /app/nodes -name package.json | while read f; do case $f in */node_modules/*/package.json|/app/nodes/package.json) echo $f;; esac; done | node -e 'const fs=require("fs");for(const f of fs.readFileSync(0,"utf8").trim().split("\n")){const d=require("path").dirname(f);if(!/\/node_modules\/(?:@[^/]+\/)?[^/]+$/.test(d)&&d!=="/app/nodes")continue;if(fs.lstatSync(d).isSymbolicLink())continue;const p=JSON.parse(fs.readFileSync(f));if(p.name&&!p.private)console.log(p.name+"@"+p.version)}'`,
    ).split('\n');
    expect(listed.sort()).toEqual(there.sort());
    const packages = sbom.components.filter(({ purl }) => purl.startsWith('pkg:npm/') && !purl.includes('redstart'));
    expect(packages.filter(({ hashes }) => !hashes)).toEqual([]);
  });

  it('is made of the same layers when it is built again from nothing', () => {
    const again = `${IMAGE}-again`;
    buildImage(again, '--no-cache');
    const [first, second]: string[][] = [IMAGE, again].map((image) => inspect(image, '.RootFS.Layers'));
    tryDocker('image', 'rm', again);
    const same = second?.map((layer, index) => layer === first?.[index]);
    // Base, [what is taken out of it], packages, program, [compiled code], folders, working folder. Those in brackets have
    // the time of the build in them, or what V8 made of it.
    expect(same).toEqual([true, false, true, true, false, true, true]);
  });

  it('runs on a base without a shell', async () => {
    const folder = temporaryFolder();
    const arch = docker(
      'run',
      '--rm',
      '--entrypoint',
      'sh',
      BASE,
      '-c',
      'ldd /usr/local/bin/node | grep -o "/[^ ]*"',
    ).split('\n');
    const copies = arch.map((library) => `COPY --from=${BASE} ${library} ${library}`);
    writeFileSync(
      join(folder, 'Dockerfile'),
      ['FROM scratch', `COPY --from=${BASE} /usr/local/bin/node /nodejs/bin/node`, ...copies, ''].join('\n'),
    );
    docker('build', '--quiet', '--tag', 'redstart:test-distroless-base', folder);
    buildImage(
      'redstart:test-distroless',
      '--build-arg',
      'BASE=redstart:test-distroless-base',
      '--build-arg',
      'KIND=distroless',
    );
    await using container = await Container.start({ image: 'redstart:test-distroless' });
    expect(container.exec('sh', '-c', 'true').status).not.toBe(0);
    container.stop();
    expect(container.exitCode).toBe(0);
  });
});
