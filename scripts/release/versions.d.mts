export function versions(root: string): { file: string; version: string }[];
export function setVersion(root: string, version: string): void;
