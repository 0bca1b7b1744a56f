import { afterAll } from 'vitest';
import { endFile } from './file-end.ts';

// Files of a worker share their modules, and Vitest takes a hook only while it collects a file: this one is run for each.
afterAll(endFile, 60_000);
