import { NAMES_FILE, type NamesFile, parseNames } from '../promotion/names-file.ts';
import type { FileFault, FlowFolder } from './flow-source.ts';

/** `redstart.yaml` beside the flows, null when there is none, and what is wrong with it. */
export function readNamesFile(folder: FlowFolder): { file: NamesFile | null; faults: FileFault[] } {
  let text: string;
  try {
    text = folder.read(NAMES_FILE);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Where the folder cannot be read, that is told of its flow files.
    if (code === 'ENOENT' || code === 'ENOTDIR') return { file: null, faults: [] };
    const fault = { spot: null, message: `It cannot be read (${code ?? message}).` };
    return { file: null, faults: [{ rule: 'names-invalid', file: folder.path(NAMES_FILE), ...fault }] };
  }
  const { faults, ...file } = parseNames(text);
  return {
    file,
    faults: faults.map(({ line, message }) => ({
      rule: 'names-invalid',
      file: folder.path(NAMES_FILE),
      spot: { line, column: 1 },
      message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
    })),
  };
}
