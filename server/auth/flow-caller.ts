import type { IncomingMessage } from 'node:http';

/** Who called an endpoint, as flows see it in `msg.req.caller`. Not a header: no caller can write it. */
export interface FlowCaller {
  /** The user, the token's name, the common name of the certificate, or the webhook node. */
  readonly name: string;
  readonly by: 'password' | 'token' | 'certificate' | 'signature';
  /** SHA-256 of the client's certificate. */
  readonly fingerprint?: string;
}

export const setCaller = (req: IncomingMessage, caller: FlowCaller): void => {
  (req as IncomingMessage & { caller?: FlowCaller }).caller = caller;
};

export const callerOf = (req: IncomingMessage): FlowCaller | undefined =>
  (req as IncomingMessage & { caller?: FlowCaller }).caller;
