export function lastTag(root: string): string | null;
export function changelog(root: string, options: { version: string; date: string; since?: string | null }): string;
