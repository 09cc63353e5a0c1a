import type { Readable, Writable } from 'node:stream';
import { passwordFault } from '../config/password-rules.ts';
import { RedstartError } from '../errors.ts';

/** As strong as a sign-in of a quarter of a second allows. */
const COST = 12;
/** Far beyond any password: a file given by mistake is not read to its end. */
const MAX_INPUT = 4096;

export interface HashPasswordPorts {
  input: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  /** Where the hash goes, and nothing else: it can be redirected into a file. */
  output: Writable;
  /** Where the questions go. */
  prompt: Writable;
}

/** Reads a password, typed unseen or from a pipe, and prints its bcrypt hash. */
export async function hashPassword(
  ports: HashPasswordPorts = { input: process.stdin, output: process.stdout, prompt: process.stderr },
): Promise<void> {
  const typed = ports.input.isTTY === true;
  const password = typed ? await typePassword(ports, 'Password: ') : await readPassword(ports.input);
  const fault = password === '' ? 'is empty' : passwordFault(password);
  if (fault) throw refusal(`the password ${fault}`, 'Choose another password: a few unrelated words make a good one.');
  if (typed && (await typePassword(ports, 'Once more: ')) !== password) {
    throw refusal('the two passwords differ', 'Run the command again.');
  }
  const { hash } = await import('bcryptjs');
  ports.output.write(`${await hash(password, COST)}\n`);
}

async function readPassword(input: Readable): Promise<string> {
  let text = '';
  input.setEncoding('utf8');
  for await (const chunk of input) {
    text += chunk;
    if (text.length > MAX_INPUT)
      throw refusal('the input is too long for a password', 'Give the password alone on standard input.');
  }
  return text.replace(/\r?\n$/, '');
}

function typePassword({ input, prompt }: HashPasswordPorts, question: string): Promise<string> {
  prompt.write(question);
  input.setRawMode?.(true);
  input.setEncoding('utf8');
  input.resume();
  return new Promise((resolve, reject) => {
    let typed = '';
    const finish = (error?: RedstartError): void => {
      input.off('data', onData);
      input.off('end', onEnd);
      input.setRawMode?.(false);
      input.pause();
      prompt.write('\n');
      if (error) reject(error);
      else resolve(typed);
    };
    const onEnd = (): void => finish();
    const onData = (text: string): void => {
      const keys = [...text];
      for (const [place, key] of keys.entries()) {
        if (key === '\r' || key === '\n' || key === '\u0004') {
          finish();
          // Pasted with its repetition: the next question reads on.
          const rest = keys.slice(place + 1).join('');
          if (rest !== '') input.unshift(rest, 'utf8');
          return;
        }
        if (key === '\u0003') {
          finish(new RedstartError({ code: 'INTERRUPTED', message: 'interrupted', mend: 'Run the command again.' }));
          return;
        }
        if (key === '\u007f' || key === '\b') typed = [...typed].slice(0, -1).join('');
        else if (typed.length < MAX_INPUT) typed += key;
      }
    };
    input.on('data', onData);
    input.once('end', onEnd);
  });
}

function refusal(message: string, mend: string): RedstartError {
  return new RedstartError({ code: 'PASSWORD_REFUSED', message, mend });
}
