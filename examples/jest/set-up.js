// Starts one emulator for all test files. They find its URL in RETELL_BASE_URL, as the SDK does.
const { startEmulator } = require('retell-emulator');

module.exports = async () => {
  globalThis.retellEmulator = await startEmulator();
  process.env.RETELL_BASE_URL = globalThis.retellEmulator.url;
};
