import { readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, relative, resolve } from 'node:path';
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { RedstartError } from '../errors.ts';
import { isObject } from '../flows/flow-node.ts';
import type { Finding, Severity } from './finding.ts';
import { isThere } from './is-there.ts';
import { isRuleId, RULE_IDS, RULES, type Rule, type RuleId } from './rule-catalogue.ts';
import { nearest } from './rules/node-types.ts';

export const SETTINGS_FILE = '.redstartrc';

type Level = Severity | 'off';
const LEVELS: readonly Level[] = ['off', 'info', 'warning', 'error'];

interface Override {
  /** Glob patterns from the folder of the settings file; null: every file. */
  files: readonly string[] | null;
  /** Ids; null: every node. */
  nodes: readonly string[] | null;
  rules: ReadonlyMap<RuleId, Level>;
}

/** What a team agreed on: which rules count less, everywhere or for certain files and nodes. */
export class CheckSettings {
  readonly #dir: string;
  readonly #overrides: readonly Override[];

  constructor(dir: string, overrides: readonly Override[]) {
    this.#dir = dir;
    this.#overrides = overrides;
  }

  /** How bad a finding is by these settings, given the absolute path of its file; the last entry that fits counts. */
  levelOf(finding: Pick<Finding, 'rule' | 'severity' | 'file' | 'node'>): Level {
    let level: Level = finding.severity;
    for (const { files, nodes, rules } of this.#overrides) {
      const set = rules.get(finding.rule);
      if (set === undefined) continue;
      if (nodes && !(finding.node && nodes.includes(finding.node.id))) continue;
      if (files) {
        const name = finding.file === null ? null : relative(this.#dir, finding.file);
        if (name === null || !files.some((pattern) => matchesGlob(name, pattern))) continue;
      }
      level = set;
    }
    return level;
  }
}

/** The settings for a folder or file: the nearest `.redstartrc` in it or above it. Throws a RedstartError when it is wrong. */
export function readCheckSettings(path: string): CheckSettings {
  for (let dir = resolve(path); ; dir = dirname(dir)) {
    const file = join(dir, SETTINGS_FILE);
    // Above the repository it is another team's.
    if (isThere(file)) return parseCheckSettings(file, readFileSync(file, 'utf8'));
    if (dir === dirname(dir) || isThere(join(dir, '.git'))) return new CheckSettings(dir, []);
  }
}

export function parseCheckSettings(file: string, text: string): CheckSettings {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const [fault] = document.errors;
  if (fault) throw wrong(`${file}, line ${fault.linePos?.[0].line ?? 1}: ${fault.message.split('\n')[0]}`);
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return new CheckSettings(dirname(file), []);
  const lineOf = (path: readonly (string | number)[]): number => {
    const node = document.getIn(path, true) as Node | undefined;
    return node?.range ? counter.linePos(node.range[0]).line : 1;
  };
  const keyLine = (path: readonly (string | number)[]): number => {
    const parent = document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined;
    const range = isScalar(pair?.key) ? pair.key.range : null;
    return range ? counter.linePos(range[0]).line : 1;
  };
  const refuse = (line: number, problem: string): never => {
    throw wrong(`${file}, line ${line}: ${problem}`);
  };
  const known = (holder: Record<string, unknown>, path: (string | number)[], names: readonly string[]): void => {
    for (const name of Object.keys(holder))
      if (!names.includes(name)) refuse(keyLine([...path, name]), `"${name}" is none of ${names.join(', ')}.`);
  };
  const rulesAt = (given: unknown, path: (string | number)[]): ReadonlyMap<RuleId, Level> => {
    if (!isObject(given)) return refuse(lineOf(path), '"rules" must be names of rules, each with its level.');
    return new Map(
      Object.entries(given).map(([name, raw]) => {
        if (!isRuleId(name)) {
          const near = nearest(name, RULE_IDS);
          return refuse(
            keyLine([...path, name]),
            `there is no rule "${name}"${near ? `; did you mean "${near}"?` : '.'}`,
          );
        }
        // YAML 1.1 readers take a bare `off` for false; so does who writes it.
        const level = raw === false ? 'off' : raw;
        if (!LEVELS.includes(level as Level))
          return refuse(keyLine([...path, name]), `"${String(raw)}" is no level of "${name}": ${LEVELS.join(', ')}.`);
        if ((RULES[name] as Rule).fixed && level !== 'error')
          return refuse(keyLine([...path, name]), `"${name}" cannot be lowered: flows do not start with it.`);
        return [name, level as Level] as const;
      }),
    );
  };
  const textsAt = (given: unknown, path: (string | number)[]): readonly string[] | null => {
    if (given === undefined) return null;
    const list = Array.isArray(given) ? given : [given];
    if (list.length === 0 || list.some((one) => typeof one !== 'string' && typeof one !== 'number'))
      return refuse(lineOf(path), `"${path.at(-1)}" must be a text or a list of texts.`);
    return list.map(String);
  };

  if (!isObject(value)) return refuse(1, 'it must hold "rules" or "overrides".');
  known(value, [], ['rules', 'overrides']);
  const overrides: Override[] = [];
  if (value.rules !== undefined) overrides.push({ files: null, nodes: null, rules: rulesAt(value.rules, ['rules']) });
  if (value.overrides !== undefined) {
    if (!Array.isArray(value.overrides)) return refuse(lineOf(['overrides']), '"overrides" must be a list.');
    for (const [index, one] of (value.overrides as unknown[]).entries()) {
      const path = ['overrides', index];
      if (!isObject(one)) return refuse(lineOf(path), 'each of "overrides" holds "files" or "nodes", and "rules".');
      known(one, path, ['files', 'nodes', 'rules', 'reason']);
      const files = textsAt(one.files, [...path, 'files']);
      const nodes = textsAt(one.nodes, [...path, 'nodes']);
      if (!files && !nodes) refuse(lineOf(path), 'it names neither "files" nor "nodes".');
      overrides.push({ files, nodes, rules: rulesAt(one.rules, [...path, 'rules']) });
    }
  }
  return new CheckSettings(dirname(file), overrides);
}

function wrong(message: string): RedstartError {
  return new RedstartError({
    code: 'CHECK_SETTINGS_INVALID',
    message,
    mend: 'docs/check.md has every rule, and what .redstartrc may hold.',
  });
}
