import { registerHooks } from 'node:module';

/** TypeScript below a folder is loaded as modules, whatever the package says that it is once it is built. */
export function asModule(folder: string): void {
  registerHooks({
    load: (url, context, next) =>
      next(
        url,
        url.includes(folder) && url.endsWith('.ts') && !url.includes('/node_modules/')
          ? { ...context, format: 'module-typescript' }
          : context,
      ),
  });
}
