import { createRequire, Module } from 'node:module';

/** What Node-RED loads at each start, and what of it needs that: dates in expressions and injects; packages that are uploaded. */
const LIBRARIES = { 'moment-timezone': '@node-red/util', tar: '@node-red/registry' } as const;

/**
 * Before Node-RED is loaded: it gets something that loads the library when it is first called or looked into. What Node-RED
 * does with one as it loads is to give it a name.
 */
export function loadLibrariesLate(): void {
  const require = createRequire(import.meta.url);
  for (const [library, package_] of Object.entries(LIBRARIES)) {
    const ofPackage = createRequire(require.resolve(package_));
    const file = ofPackage.resolve(library);
    if (require.cache[file] !== undefined) continue;
    const standIn = new Module(file);
    standIn.filename = file;
    standIn.loaded = true;
    standIn.exports = late(() => {
      // Whoever asks for it from now on gets the library itself.
      if (require.cache[file] === standIn) delete require.cache[file];
      return ofPackage(library) as object;
    });
    require.cache[file] = standIn;
  }
}

function late(load: () => object): object {
  let loaded: object | null = null;
  const library = (): object => {
    loaded ??= load();
    return loaded;
  };
  // What is bound can be called and constructed, and has nothing of its own that a proxy would have to show.
  return new Proxy(class {}.bind(null), {
    apply: (_, self, args) => Reflect.apply(library() as () => unknown, self, args) as unknown,
    construct: (_, args) => Reflect.construct(library() as new () => object, args) as object,
    get: (_, name) => Reflect.get(library(), name) as unknown,
    set: (_, name, value) => Reflect.set(library(), name, value),
    has: (_, name) => Reflect.has(library(), name),
    deleteProperty: (_, name) => Reflect.deleteProperty(library(), name),
    ownKeys: () => Reflect.ownKeys(library()),
    getOwnPropertyDescriptor(_, name) {
      const property = Reflect.getOwnPropertyDescriptor(library(), name);
      // A proxy may call fixed only what its target has.
      return property && { ...property, configurable: true };
    },
  });
}
