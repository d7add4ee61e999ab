// Imports the library and starts an emulator, and prints the milliseconds that each took.
// Usage: node bench/library-start.js DIST_INDEX
const start = performance.now();
const { startEmulator } = await import(process.argv[2]);
const imported = performance.now();
await startEmulator();
const started = performance.now();
process.stdout.write(JSON.stringify([imported - start, started - imported]), () => process.exit());
