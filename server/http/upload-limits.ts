import { createRequire } from 'node:module';

/**
 * Of a form with files. The names of its fields become lists and objects, by the digits and brackets that they have: with
 * no limit, `a[999999999]`, a few bytes that anybody who may call the endpoint can send, is a list that keeps the whole
 * program busy for as long as whatever looks at it takes. About what is set for forms without files.
 */
export const UPLOAD_LIMITS = { fields: 1000, fieldArrayIndexLimit: 100, fieldNestingDepth: 20 } as const;

type Multer = (options?: { limits?: object }) => unknown;

/** Before Node-RED is loaded: its “http in” sets no limits, and offers none to set. */
export function limitUploads(): void {
  const require = createRequire(createRequire(import.meta.url).resolve('@node-red/nodes/package.json'));
  const original = require('multer') as Multer;
  const loaded = require.cache[require.resolve('multer')];
  if (loaded === undefined || LIMITED in original) return;
  const limited: Multer = (options = {}) => original({ ...options, limits: { ...UPLOAD_LIMITS, ...options.limits } });
  loaded.exports = Object.assign(limited, original, { [LIMITED]: true });
}

const LIMITED = Symbol('uploads are limited');
