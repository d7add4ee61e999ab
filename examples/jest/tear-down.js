module.exports = () => globalThis.retellEmulator.close();
