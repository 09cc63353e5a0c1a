import type { IncomingMessage } from 'node:http';

/**
 * Whether a request names one host, or none. Node.js takes the first of two, and a proxy before it may have gone by the
 * second: such a request is to be refused (RFC 9112, 3.2).
 */
export function namesOneHost({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    // The length first: this runs for every request.
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts <= 1;
}
