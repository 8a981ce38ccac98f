#!/usr/bin/env node
// Answers the two calls forge makes of the native compiler, through solc-js.
import { readFileSync } from 'node:fs';
import solc from 'solc';

if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')));
} else {
  console.error('only --version and --standard-json');
  process.exit(2);
}
