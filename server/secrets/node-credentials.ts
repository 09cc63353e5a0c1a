import type { EventEmitter } from 'node:events';
import { registerSecret } from '../config/index.ts';
import { MIN_REDACTED_LENGTH } from '../config/redact.ts';
import type { SecretFiles } from './secret-files.ts';
import { isReference } from './secret-reference.ts';

/** What is used of Node-RED. */
export interface NodeTypes {
  events: EventEmitter;
  nodes: {
    getType(type: string): unknown;
    getCredentialDefinition(type: string): Record<string, { type?: string }> | undefined;
  };
}

export interface NodeCredentialOptions {
  secrets: SecretFiles;
  /** How a node is called in messages: with its name and flow. */
  describe(id: string): string;
}

interface Instance {
  id: string;
  type: string;
  _alias?: string;
}

/**
 * Lets the credentials of any node be references to secrets. Node-RED keeps and stores the reference: it is what the
 * editor, `credentials.json` and a flow file see. Only the node itself, when it reads the field, gets the secret.
 *
 * Node-RED assigns `node.credentials` in the constructor of each node. A setter on the prototype of the node's type, put
 * there as the type is registered, gets them there: for core nodes and any others alike.
 */
export function resolveNodeCredentials(red: NodeTypes, options: NodeCredentialOptions): void {
  red.events.on('type-registered', (type: string) => {
    const nodeClass = red.nodes.getType(type);
    // The type of a packaged subflow is an object: its instances have no credentials of their own that nodes read.
    if (typeof nodeClass !== 'function') return;
    const assigned = new WeakMap<object, unknown>();
    const accessor: PropertyDescriptor & ThisType<Instance> = {
      configurable: true,
      get() {
        return assigned.get(this);
      },
      set(given: unknown) {
        // `this.credentials = this.credentials || {}`, as nodes do.
        if (assigned.has(this) && given === assigned.get(this)) return;
        // A copy: a node that fetches what Node-RED keeps and assigns it itself must not change that.
        const credentials = isRecord(given) ? { ...given } : given;
        if (isRecord(credentials)) {
          resolve(this, credentials, options);
          // Node-RED keeps definitions under the type with dashes for spaces.
          noteSecrets(credentials, red.nodes.getCredentialDefinition(type.replace(/\s+/g, '-')) ?? {});
        }
        assigned.set(this, credentials);
        // As the assignment would have done.
        Object.defineProperty(this, 'credentials', { ...accessor, enumerable: true });
      },
    };
    Object.defineProperty(nodeClass.prototype as object, 'credentials', accessor);
  });
}

/** Each reference becomes a property that reads the file: a node that looks at it for each message has the new secret at once. */
function resolve(
  node: Instance,
  credentials: Record<string, unknown>,
  { secrets, describe }: NodeCredentialOptions,
): void {
  for (const [field, value] of Object.entries(credentials)) {
    if (!isReference(value)) continue;
    const read = (): string => {
      try {
        return secrets.value(value);
      } catch (error) {
        throw new Error(
          `SECRET_MISSING: ${describe(node._alias ?? node.id)}, field "${field}": ${(error as Error).message}`,
          {
            cause: error,
          },
        );
      }
    };
    // Now, so that a secret that is missing is told at the deploy and not at the first message.
    read();
    Object.defineProperty(credentials, field, {
      get: read,
      set(next: unknown) {
        Object.defineProperty(credentials, field, {
          value: next,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      },
      enumerable: true,
      configurable: true,
    });
  }
}

/** Passwords that were typed into the editor are not to turn up in a log either. A user name may. */
function noteSecrets(credentials: Record<string, unknown>, definition: Record<string, { type?: string }>): void {
  for (const [field, { type }] of Object.entries(definition)) {
    const value = type === 'password' ? credentials[field] : undefined;
    if (typeof value === 'string' && isDistinct(value)) registerSecret(value);
  }
}

/** A node with the password "password" must not take that word out of every line. */
const isDistinct = (value: string): boolean =>
  value.length >= MIN_REDACTED_LENGTH && (value.length >= 12 || !/^[a-z]+$/i.test(value));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
