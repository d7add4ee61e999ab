// Starts one emulator for all test files. They get its URL by `inject('retellUrl')`.
import { startEmulator } from 'retell-emulator';

export default async function setUp({ provide }) {
  const emulator = await startEmulator();
  provide('retellUrl', emulator.url);
  return () => emulator.close();
}
