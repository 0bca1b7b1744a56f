import { openDataFolder } from './data-folder.ts';

/** Holds a data folder until it is killed; prints one JSON line. */
const [folder = '', url] = process.argv.slice(2);
try {
  const { path, announce } = await openDataFolder(folder);
  if (url) announce(url);
  setInterval(() => undefined, 60_000);
  process.stdout.write(`${JSON.stringify({ held: path })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ name: (error as Error).name, message: (error as Error).message })}\n`);
}
