import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

it('loads nothing of OpenTelemetry where traces are off', () => {
  const on = {
    url: 'http://127.0.0.1:9/v1/traces',
    headers: [],
    serviceName: 's',
    resource: {},
    sampler: { parentBased: true, ratio: 1 },
  };
  // All that the appliance is made of, with traces opened as it does.
  const code = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        const name = /node_modules\\/(@opentelemetry\\/[^/]+)/.exec(found.url)?.[1];
        // The metrics' own library has the interface alone, whether there are traces or not.
        if (name && name !== '@opentelemetry/api') loaded.add(name);
        return found;
      },
    });
    await import('./server/commands/serve.ts');
    const { openTraces } = await import('./server/traces/open-traces.ts');
    const after = async (traces) => {
      const proxy = { https: null, http: null, noProxy: null };
      const index = { nodes: () => [], place: (node) => ({ node }) };
      const opened = await openTraces({ traces, proxy }, index, { info() {}, warn() {} });
      await opened?.stop(0);
      return [...loaded];
    };
    console.log(JSON.stringify([await after(null), await after(${JSON.stringify(on)})]));
    process.exit(0);
  `;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' });
  const [whenOff, whenOn] = JSON.parse(out) as string[][];
  expect(whenOff).toEqual([]);
  expect(whenOn).toContain('@opentelemetry/sdk-trace');
});
