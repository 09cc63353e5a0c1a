import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** Counted from one. */
export interface Place {
  line: number;
  column: number;
}

export type Path = readonly PropertyKey[];

export interface YamlFile {
  value: unknown;
  /** What is wrong with it as YAML. */
  faults: { place: Place; message: string }[];
  /** Where something stands; of what is not there, the nearest around it. */
  placeOf(path: Path): Place;
}

/** Reads YAML and remembers where everything stands. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = document.errors.map(({ pos, message }) => ({
    place: at(pos[0]),
    message: message.split('\n')[0] ?? '',
  }));
  const placeOf = (path: Path): Place => {
    let node: unknown = document.contents;
    let offset = offsetOf(node) ?? 0;
    for (const step of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => (isScalar(key) ? key.value : key) === step);
        if (!pair) break;
        offset = offsetOf(pair.key) ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        offset = offsetOf(node) ?? offset;
      } else break;
    }
    return at(offset);
  };
  return { value: faults.length > 0 ? null : plain(document), faults, placeOf };

  function plain(parsed: typeof document): unknown {
    try {
      return parsed.toJS({ maxAliasCount: 1000 });
    } catch (error) {
      faults.push({ place: { line: 1, column: 1 }, message: (error as Error).message });
      return null;
    }
  }
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
