#!/usr/bin/env node
console.log('redstart');
