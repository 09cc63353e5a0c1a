#!/usr/bin/env node
import { useCompiledCode } from './runtime/compile-cache.ts';

// Before anything else is loaded; what it saves is mostly here.
if (process.argv[2] === 'serve') useCompiledCode();
const { run } = await import('./run.ts');
await run();
