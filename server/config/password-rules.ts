/** What bcrypt reads of a password; the rest would count for nothing without anybody noticing. */
export const MAX_PASSWORD_BYTES = 72;
export const MIN_PASSWORD_LENGTH = 8;

export const PASSWORD_RULE = `at least ${MIN_PASSWORD_LENGTH} characters, at most ${MAX_PASSWORD_BYTES} bytes, not a default or well-known one, not the user name`;

// What guides, images and people use until they "change it later". Compared without case, digits and signs at the end.
const KNOWN = new Set(
  (
    'password passw0rd passwort pass admin administrator root user test guest default changeme changeit change-me secret ' +
    'letmein welcome qwerty qwertz qwertyui qwertyuiop asdfghjk iloveyou login master monkey dragon sunshine princess ' +
    'redstart nodered node-red seqera nextflow tower example demo temp p@ssw0rd p@ssword abc abcdef abcdefgh'
  ).split(' '),
);

/** What is wrong with a password, as words that complete "the password …"; null when nothing is. */
export function passwordFault(
  password: string,
  { user, maxBytes = MAX_PASSWORD_BYTES }: { user?: string; maxBytes?: number } = {},
): string | null {
  if (/\p{Cc}/u.test(password)) return 'has a line break, tab or other control character in it';
  if ([...password].length < MIN_PASSWORD_LENGTH) return `is shorter than ${MIN_PASSWORD_LENGTH} characters`;
  if (Buffer.byteLength(password) > maxBytes)
    return `is longer than ${maxBytes} bytes, the rest of which bcrypt would ignore`;
  const lower = password.toLowerCase();
  if (user !== undefined && stem(lower) === stem(user.toLowerCase())) return 'is the user name';
  const halves = lower.slice(0, lower.length / 2);
  const word = stem(halves + halves === lower ? halves : lower);
  if (word === '' || KNOWN.has(word) || /^(.)\1*$/u.test(lower)) return 'is one that everybody tries first';
  return null;
}

/** Whether it has the form of a bcrypt hash of a cost worth having; words as above. */
export function passwordHashFault(hash: string): string | null {
  const cost = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)?.[1];
  if (cost === undefined) {
    const mangled = hash.length < 60 && /[./A-Za-z0-9]{20}$/.test(hash);
    return mangled
      ? 'is not a whole bcrypt hash: a shell or compose file may have replaced its $ signs'
      : 'is not a bcrypt hash';
  }
  if (Number(cost) < 10) return `has a cost of ${Number(cost)}, which is too cheap to try out`;
  if (Number(cost) > 15) return `has a cost of ${Number(cost)}: each sign-in would take seconds`;
  return null;
}

function stem(text: string): string {
  return text.replace(/[^\p{L}]+$/u, '');
}
