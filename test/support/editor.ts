import { once } from 'node:events';
import WebSocket from 'ws';
import type { Appliance } from './appliance.ts';

export const ADMIN = { user: 'admin', password: 'correct horse battery' };
export const withEditor = { REDSTART_ADMIN_USER: ADMIN.user, REDSTART_ADMIN_PASSWORD: ADMIN.password };

/** Signs in as the editor does, and calls the admin API with the session that it got. */
export class EditorSession {
  readonly appliance: Appliance;
  readonly authorization: string;
  /** Everything that the admin API answered, for tests that look for what must not be there. */
  received = '';

  private constructor(appliance: Appliance, bearer: string) {
    this.appliance = appliance;
    this.authorization = `Bearer ${bearer}`;
  }

  static async signIn(appliance: Appliance, user = ADMIN.user, password = ADMIN.password): Promise<EditorSession> {
    const answer = await appliance.fetch('/editor/auth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: 'node-red-editor',
        grant_type: 'password',
        scope: '*',
        username: user,
        password,
      }),
    });
    if (!answer.ok) throw new Error(`sign-in answered ${answer.status}: ${await answer.text()}`);
    const { access_token: bearer } = (await answer.json()) as { access_token: string };
    return new EditorSession(appliance, bearer);
  }

  /** With a token that was not signed in for. */
  static withToken(appliance: Appliance, token: string): EditorSession {
    return new EditorSession(appliance, token);
  }

  async call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const answer = await this.appliance.fetch(`/editor${path}`, {
      method,
      headers: { authorization: this.authorization, accept: 'application/json', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    this.received += `${text}\n`;
    return { status: answer.status, text };
  }

  async flows(): Promise<Record<string, unknown>[]> {
    return JSON.parse((await this.call('GET', '/flows')).text) as Record<string, unknown>[];
  }

  /** The editor's websocket with everything that debug nodes and statuses send. */
  async comms(): Promise<{ frames: string[]; ended: Promise<number>; close(): void }> {
    const url = `${this.appliance.url.replace(/^http/, 'ws')}/editor/comms`;
    const socket = new WebSocket(url, { origin: this.appliance.url });
    const frames: string[] = [];
    socket.on('message', (data) => frames.push(String(data)));
    const ended = new Promise<number>((resolve) => socket.once('close', resolve));
    await once(socket, 'open');
    socket.send(JSON.stringify({ auth: this.authorization.slice('Bearer '.length) }));
    await once(socket, 'message');
    socket.send(JSON.stringify({ subscribe: 'debug' }));
    socket.send(JSON.stringify({ subscribe: 'status/#' }));
    return { frames, ended, close: () => socket.close() };
  }
}
