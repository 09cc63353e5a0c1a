import { createRequire } from 'node:module';
import { inherits } from 'node:util';
import type { NodeAPI, NodeConstructor, NodeDef } from 'node-red';
import type { LateNodes } from '../../settings/late-nodes.ts';

type AnyConstructor = NodeConstructor<never, NodeDef, object>;
type CoreFile = (RED: NodeAPI) => void | Promise<void>;

interface LateType {
  standIn: AnyConstructor;
  /** The file's own; null until it is loaded. */
  own: AnyConstructor | null;
}

const require = createRequire(import.meta.url);

/**
 * Stands for a file of Node-RED's core nodes and has its name, so that it takes its place in the palette. The file itself
 * is loaded before flows run that have one of its nodes: a handful of these files take a sixth of a start, and few flows
 * use them. `types` are those that the file registers, with the options that it gives, and `libraries` what of its dialogs
 * can be saved for other nodes; a test holds them to the file.
 */
export function lateCoreNode(
  file: string,
  types: Readonly<Record<string, object | undefined>>,
  libraries: readonly string[] = [],
) {
  return (RED: NodeAPI): void => {
    const { late } = (RED.settings as unknown as { redstart: { late: LateNodes } }).redstart;
    const lateTypes = new Map<string, LateType>();
    for (const [type, options] of Object.entries(types)) {
      function StandIn(config: NodeDef): object {
        if (!lateType.own) throw new Error(`the file of ${type} nodes is not loaded: no flow that was read has one`);
        return Reflect.construct(lateType.own, [config]) as object;
      }
      const lateType: LateType = { standIn: StandIn as unknown as AnyConstructor, own: null };
      lateTypes.set(type, lateType);
      RED.nodes.registerType(type, lateType.standIn, options as never);
    }
    for (const library of libraries) RED.library.register(library);
    late.add(Object.keys(types), () => load(file, RED, lateTypes));
  };
}

async function load(file: string, RED: NodeAPI, types: ReadonlyMap<string, LateType>): Promise<void> {
  const registerType = (type: string, own: AnyConstructor): void => {
    const late = types.get(type);
    if (!late) throw new Error(`${file} registers ${type}, which its stand-in does not know`);
    // The stand-in was made to inherit from Node-RED's Node, and has what was put on the type when it was registered.
    inherits(own, late.standIn);
    late.own = own;
  };
  const nodes = Object.assign(Object.create(RED.nodes) as object, { registerType });
  const core = require(`@node-red/nodes/core/${file}`) as CoreFile;
  await core(Object.assign(Object.create(RED) as NodeAPI, { nodes }));
}
