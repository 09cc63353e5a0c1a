import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { withEditor } from './support/editor.ts';
import { tab } from './support/flows.ts';

// With the debugger's right given up, ending the watchdog's session with this process was fatal to Node.js: an abort at each stop.
it('stops in order under the permission model, and with the audit trail on disk', async () => {
  await using appliance = await Appliance.start({
    flows: { 'main.json': tab([]) },
    args: ['serve', '--permission'],
    env: { REDSTART_SIMULATOR: 'true', ...withEditor },
  });
  expect(appliance.output).toContain('runs under the permission model');
  // Its files are read when they are first asked for, long after rights were given up.
  expect((await appliance.fetch('/status')).status).toBe(200);
  expect((await appliance.fetch('/status/preact.mjs')).status).toBe(200);
  expect(await appliance.stop(), appliance.output).toBe(0);
  expect(appliance.lines.map(({ msg }) => msg)).toContain('stopped');
  const check = Appliance.launch({ folder: appliance.folder, args: ['audit', 'verify'] });
  expect(await check.exited, check.output).toBe(0);
  expect(check.output).toMatch(/^3 line\(s\)/m);
});
