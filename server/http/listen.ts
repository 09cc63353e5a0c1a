import type { Server } from 'node:http';
import type { FatalCode } from '../error-catalogue.ts';
import { RedstartError } from '../errors.ts';

/** Resolves when the server accepts connections; rejects with a RedstartError that says what to do. */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off('listening', listening);
      reject(explain(error, port, host));
    };
    const listening = (): void => {
      server.off('error', failed);
      resolve();
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, host);
  });
}

function explain(error: NodeJS.ErrnoException, port: number, host: string): RedstartError {
  const make = (code: FatalCode, message: string, mend: string): RedstartError =>
    new RedstartError({ code, message, mend, cause: error });
  switch (error.code) {
    case 'EADDRINUSE':
      return make(
        'PORT_IN_USE',
        `Port ${port} on ${host} is in use by another program`,
        `Stop that program, or set PORT to a free port (see who has it: ss -ltnp 'sport = :${port}').`,
      );
    case 'EACCES':
      return make(
        'PORT_NOT_ALLOWED',
        `This user may not listen on port ${port}`,
        'Set PORT to one above 1023, or allow it (setcap cap_net_bind_service, or a port mapping of the container).',
      );
    case 'EADDRNOTAVAIL':
      return make(
        'HOST_NOT_HERE',
        `This machine has no address ${host}`,
        'Set HOST to an address of this machine, 127.0.0.1 or 0.0.0.0.',
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return make(
        'HOST_UNKNOWN',
        `The name ${host} cannot be resolved`,
        'Set HOST to an address of this machine, 127.0.0.1 or 0.0.0.0.',
      );
    default:
      return make('LISTEN_FAILED', `Cannot listen on ${host}, port ${port}: ${error.message}`, 'Check HOST and PORT.');
  }
}

/** The address to type into a browser on this machine. */
export function urlOf(server: Server, host: string, secure: boolean): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const wildcard = host === '0.0.0.0' || host === '::' || host === '';
  const name = wildcard ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${secure ? 'https' : 'http'}://${name}:${port}`;
}
