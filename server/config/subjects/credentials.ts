import { PASSWORD_RULE, passwordFault, passwordHashFault } from '../password-rules.ts';
import { plain, refuse, secretText } from '../text-types.ts';

/** Node-RED keeps preferences in an object by the user's name: a name that every object has would be found there. */
const EVERY_OBJECT_HAS = Object.getOwnPropertyNames(Object.prototype).join('|');

// A colon would end the name in HTTP basic authentication.
export const userName = plain(
  'a name of 1 to 64 letters, digits and . _ @ + -',
  new RegExp(`^(?!(?:${EVERY_OBJECT_HAS})$)[\\p{L}\\p{N}._@+-]{1,64}$`, 'u'),
  'has characters in it that a user name cannot have, or too many',
);

export const plainPasswordText = secretText(PASSWORD_RULE, (password) => {
  const fault = passwordFault(password);
  if (fault) refuse(fault);
});

export const passwordHash = secretText('a bcrypt hash of a cost from 10 to 15', (hash) => {
  const fault = passwordHashFault(hash);
  if (fault) refuse(fault);
});
