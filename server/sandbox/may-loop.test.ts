import { describe, expect, it } from 'vitest';
import { mayLoop } from './may-loop.ts';

describe('mayLoop', () => {
  it.each([
    ['', 'nothing'],
    ['msg.payload += 1;\nreturn msg;', 'plain code'],
    ['// while it lasts, do this for (;;)\nreturn { payload: "while (true)" };', 'words in comments and texts'],
    ['for (const run of msg.payload) node.send({ run });\nreturn null;', 'each of a list'],
    ['for (let i = 0; i < msg.payload.length; i++) out.push(msg.payload[i]);', 'counting up to a length'],
    ['for (let i = 10; i >= 0; i -= 2) node.log(i);', 'counting down'],
    ['for (const key in msg) node.log(key);', 'keys'],
    ['return msg.payload.map((run) => run.id).filter(Boolean);', 'methods of lists'],
    ['await new Promise((resolve) => setTimeout(resolve, 10)); return msg;', 'waiting'],
    ['return { payload: /^ab+(c|d)*$/.test(msg.topic) };', 'an expression without nested repeats'],
    [
      'return { payload: /^((c)|(?<name>d))* [(*)]+ \\(\\d+\\)+$/.test(msg.topic) };',
      'groups, and what only looks like one',
    ],
    ['return msg.topic.match(/a+/) ?? msg.topic.search("Error");', 'an expression that is there, and a plain text'],
    ['function f(n) { return n > 0 ? f(n - 1) : 0; } return f(3);', 'recursion, which the stack ends'],
  ])('%j ends: %s', (code) => expect(mayLoop(code)).toBe(false));

  it.each([
    ['while (true) {}', 'while'],
    ['do { x(); } while (msg.payload)', 'do'],
    ['for (;;) {}', 'for without an end'],
    ['for (let i = 0; i < 10; ) {}', 'no step'],
    ['for (let i = 0; i < 10; i--) {}', 'the wrong way'],
    ['for (let i = 0; i < 10; i += 0) {}', 'no step'],
    ['for (let i = 0; i < 10; i++) { i = 0; }', 'set back'],
    ['for (let i = 0; i < n; i++) { n += 1; }', 'an end that moves'],
    ['for (let i = 0; i < Infinity; i++) {}', 'no end'],
    ['for (let i = 0; i < 1e12; i++) {}', 'an end that nobody lives to see'],
    ['for (let i = 0; i < list.length; i++) list.push(i);', 'a list that grows'],
    ['for (const one of list) list.push(one);', 'a list that grows'],
    ['for (const [index] of list.entries()) list.push(index);', 'a list that grows'],
    ['for (const one of seen) seen.add([one]);', 'a set that grows'],
    ['const f = function* () { yield 1; };', 'a generator'],
    ['[1].forEach(() => { while (true) {} });', 'a loop in a function in it'],
    ['return /^(a+)+$/.test(msg.topic);', 'an expression that backtracks'],
    ['return /^((a+))+$/.test(msg.topic);', 'a repeat in a group in a group that repeats'],
    ['return /^(([-.]|[_]+)?([a-z0-9]+))*$/.test(msg.topic);', 'the same in an expression for addresses'],
    ['return msg.topic.match("^(a+)+$");', 'an expression in a text'],
    ['return new RegExp(msg.topic).test(msg.payload);', 'an expression from outside'],
    ['eval(msg.payload)', 'code from outside'],
    ['return {', 'what does not parse'],
  ])('%j may not: %s', (code) => expect(mayLoop(code)).toBe(true));
});
