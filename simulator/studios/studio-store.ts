import type { Workspace } from '../entities.ts';
import { DEFAULT_STUDIO_RULE, type ParsedStudioRule } from '../scenario-data.ts';
import type { Studio } from './studio.ts';

const FIRST_CHECKPOINT = 8100;

/** In order of creation. */
export class StudioStore {
  readonly #studios: Studio[];
  #rules: { rule: ParsedStudioRule; left: number }[] = [];
  #nextCheckpoint = FIRST_CHECKPOINT;

  constructor(studios: Studio[]) {
    this.#studios = studios;
  }

  get all(): readonly Studio[] {
    return this.#studios;
  }

  inWorkspace(workspace: Workspace): Studio[] {
    return this.#studios.filter((studio) => studio.workspace === workspace);
  }

  add(studio: Studio): void {
    this.#studios.push(studio);
  }

  remove(studio: Studio): void {
    const at = this.#studios.indexOf(studio);
    if (at >= 0) this.#studios.splice(at, 1);
  }

  nextCheckpoint(): number {
    this.#nextCheckpoint += 1;
    return this.#nextCheckpoint;
  }

  setRules(rules: readonly ParsedStudioRule[]): void {
    this.#rules = rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
  }

  /** The first rule that matches and is not used up. */
  takeRule(name: string, tool: string | null): ParsedStudioRule {
    const found = this.#rules.find(
      ({ rule: { match }, left }) =>
        left > 0 && (match.name?.test(name) ?? true) && (match.tool === undefined || match.tool.test(tool ?? '')),
    );
    if (!found) return DEFAULT_STUDIO_RULE;
    found.left -= 1;
    return found.rule;
  }
}
