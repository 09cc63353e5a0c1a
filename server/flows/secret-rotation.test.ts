import { createCipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyRing, keyId } from '../state/key-ring.ts';
import { decryptBlob, encryptBlob } from './credential-blob.ts';
import { createCredentialFile } from './credential-file.ts';
import { renewEncryption, resolveSecret, stageSecret } from './secret-rotation.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-rotation-'));
});
afterEach(async () => {
  delete (globalThis as Record<symbol, unknown>)[Symbol.for('redstart.failpoints')];
  await rm(dir, { recursive: true, force: true });
});

const at = (name: string, folder = dir): string => join(folder, name);
const read = (name: string, folder = dir): Promise<string> => readFile(at(name, folder), 'utf8');
const resolve = (configured: string | null = null, previous: string | null = null, folder = dir) =>
  resolveSecret({ dataDir: folder, configured, previous });
const credentialFile = (ring: KeyRing, name = 'credentials.json', folder = dir) =>
  createCredentialFile({ path: at(name, folder), marker: at('credentials-sealed', folder), ring });

/** As Node-RED writes it, and as versions without the seal kept it. */
function older(value: unknown, secret: string): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(secret).digest(), iv);
  return JSON.stringify({
    $: iv.toString('hex') + cipher.update(JSON.stringify(value), 'utf8', 'base64') + cipher.final('base64'),
  });
}

function olderSessions(content: string, secret: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv(
    'aes-256-gcm',
    Buffer.from(hkdfSync('sha256', secret, '', 'redstart sessions', 32)),
    iv,
  );
  const data = Buffer.concat([cipher.update(content), cipher.final()]);
  return JSON.stringify({
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    data: data.toString('base64'),
  });
}

const NODES = { n: { token: 'a token of a node' } };

/** A data folder with everything in it that is encrypted, under one secret. */
async function fill(secret: string, folder = dir): Promise<void> {
  const ring = new KeyRing(secret);
  await credentialFile(ring, 'credentials.json', folder).write(encryptBlob(NODES, secret));
  await credentialFile(ring, 'credentials-before.json', folder).write(encryptBlob(NODES, secret));
  await writeFile(at('sessions.json', folder), ring.seal('sessions', '{"some":"sessions"}'));
}

/** Everything can be read with what is there and what is configured. */
async function readable(ring: KeyRing, folder = dir): Promise<void> {
  for (const name of ['credentials.json', 'credentials-before.json'])
    expect(decryptBlob(await credentialFile(ring, name, folder).read(), ring.current)).toEqual(NODES);
  expect(ring.open('sessions', await read('sessions.json', folder))).toMatchObject({ text: '{"some":"sessions"}' });
}

describe('resolveSecret', () => {
  it('makes one up once, for nobody else to read', async () => {
    const first = await resolve();
    expect(first.generated).toBe(true);
    expect((await stat(at('credential-secret'))).mode & 0o777).toBe(0o600);
    const second = await resolve();
    expect(second).toMatchObject({ generated: false });
    expect(second.ring.current).toBe(first.ring.current);
  });

  it('takes the configured one and writes nothing', async () => {
    expect((await resolve('configured-secret')).ring.current).toBe('configured-secret');
    expect(await readdir(dir)).toEqual([]);
  });

  it.each(['sealed', 'older'])(
    'refuses a secret that does not open the credentials (%s), which stay as they are',
    async (form) => {
      if (form === 'older') await writeFile(at('credentials.json'), older(NODES, 'the right one'));
      else await fill('the right one');
      const before = await read('credentials.json');
      await expect(resolve('a wrong one')).rejects.toMatchObject({ code: 'CREDENTIAL_SECRET_WRONG', exitCode: 78 });
      expect(await read('credentials.json')).toBe(before);
      expect((await resolve('the right one')).ring.current).toBe('the right one');
    },
  );

  it('tells that the generated secret would open them', async () => {
    const { ring } = await resolve();
    await fill(ring.current);
    await expect(resolve('configured-secret')).rejects.toMatchObject({
      code: 'CREDENTIAL_SECRET_WRONG',
      mend: expect.stringContaining(`REDSTART_CREDENTIAL_SECRET_PREVIOUS_FILE=${at('credential-secret')}`),
    });
  });

  it('makes up no new one over credentials that it cannot open', async () => {
    await fill('lost');
    await expect(resolve()).rejects.toMatchObject({ code: 'CREDENTIAL_SECRET_MISSING' });
  });

  it.each(['{"$":', '{"sealed":1}', '{"sealed":2,"key":"x"}', '[]', ''])(
    'refuses a damaged credentials file: %s',
    async (text) => {
      await writeFile(at('credentials.json'), text);
      await expect(resolve('any secret')).rejects.toMatchObject({ code: expect.stringMatching(/DAMAGED|WRONG/) });
      expect(await read('credentials.json')).toBe(text);
    },
  );

  it('refuses a changed byte, and leaves the file', async () => {
    await fill('a secret');
    const file = JSON.parse(await read('credentials.json')) as { data: string };
    const data = Buffer.from(file.data, 'base64');
    data[5] = (data[5] ?? 0) ^ 1;
    const changed = JSON.stringify({ ...file, data: data.toString('base64') });
    await writeFile(at('credentials.json'), changed);
    await expect(resolve('a secret')).rejects.toMatchObject({ code: 'CREDENTIALS_FILE_DAMAGED' });
    expect(await read('credentials.json')).toBe(changed);
  });

  it('refuses a file in the old form once there was a sealed one', async () => {
    await fill('a secret');
    await renewEncryption({ dataDir: dir, configured: 'a secret', previous: null }, new KeyRing('a secret'));
    await writeFile(at('credentials.json'), older({ n: { token: 'of an attacker' } }, 'a secret'));
    await expect(resolve('a secret')).rejects.toMatchObject({
      code: 'CREDENTIALS_FILE_DAMAGED',
      mend: expect.stringContaining('credentials-sealed'),
    });
  });
});

describe('renewEncryption', () => {
  it('takes over a data folder of a version without the seal', async () => {
    await writeFile(at('credentials.json'), older(NODES, 'a secret'));
    await writeFile(at('credentials-before.json'), older(NODES, 'a secret'));
    await writeFile(at('sessions.json'), olderSessions('{"some":"sessions"}', 'a secret'));
    const { ring } = await resolve('a secret');
    const { files } = await renewEncryption({ dataDir: dir, configured: 'a secret', previous: null }, ring);
    expect(files).toEqual(['credentials.json', 'credentials-before.json', 'sessions.json']);
    expect(await read('credentials.json')).toContain(keyId('a secret'));
    await readable(ring);
    expect((await renewEncryption({ dataDir: dir, configured: 'a secret', previous: null }, ring)).files).toEqual([]);
  });

  it('rotates from the previous secret of the environment to the new one', async () => {
    await fill('the old secret');
    const options = { dataDir: dir, configured: 'the new secret', previous: 'the old secret' };
    const { ring } = await resolveSecret(options);
    expect((await renewEncryption(options, ring)).files).toHaveLength(3);
    // The old one is not needed any more.
    await readable((await resolve('the new secret')).ring);
    await expect(resolve('the old secret')).rejects.toMatchObject({ code: 'CREDENTIAL_SECRET_WRONG' });
  });

  it('rotates the generated secret, which stays until everything is encrypted with the new one', async () => {
    const before = (await resolve()).ring.current;
    await fill(before);
    await stageSecret(dir);
    await stageSecret(dir);
    const { ring } = await resolve();
    expect(ring.secrets).toEqual([ring.current, before]);
    expect((await renewEncryption({ dataDir: dir, configured: null, previous: null }, ring)).promoted).toBe(true);
    expect((await read('credential-secret')).trim()).toBe(ring.current);
    expect(await readdir(dir)).not.toContain('credential-secret-next');
    const after = (await resolve()).ring;
    expect(after.secrets).toEqual([ring.current]);
    await readable(after);
  });

  it.each([false, true])(
    'can be cut off at any point, and is done by the next start (secret configured: %s)',
    async (configured) => {
      const secrets = configured
        ? { configured: 'the new secret', previous: 'the old secret' }
        : { configured: null, previous: null };
      const old = configured ? 'the old secret' : (await resolve()).ring.current;
      await fill(old);
      if (!configured) await stageSecret(dir);
      const start = await mkdtemp(join(tmpdir(), 'redstart-rotation-start-'));
      await cp(dir, start, { recursive: true });
      let reached = 0;
      for (let dieAt = 1; ; dieAt++) {
        const folder = await mkdtemp(join(tmpdir(), 'redstart-rotation-cut-'));
        await cp(start, folder, { recursive: true });
        const options = { dataDir: folder, ...secrets };
        let passed = 0;
        (globalThis as Record<symbol, unknown>)[Symbol.for('redstart.failpoints')] = () => {
          passed += 1;
          if (passed === dieAt) throw new Error('the process died here');
        };
        const { ring } = await resolveSecret(options);
        const died = await renewEncryption(options, ring).then(
          () => false,
          () => true,
        );
        delete (globalThis as Record<symbol, unknown>)[Symbol.for('redstart.failpoints')];
        const next = await resolveSecret(options);
        await readable(next.ring, folder);
        await renewEncryption(options, next.ring);
        await readable((await resolve(secrets.configured, null, folder)).ring, folder);
        await rm(folder, { recursive: true, force: true });
        if (!died) break;
        reached = dieAt;
      }
      expect(reached).toBeGreaterThanOrEqual(5);
      await rm(start, { recursive: true, force: true });
    },
  );
});
