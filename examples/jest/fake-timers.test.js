// An emulator in the process of the test file, which answers while the timers of Jest are fake.
const { startEmulator } = require('retell-emulator');

let emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});

afterEach(() => {
  jest.useRealTimers();
});

afterAll(() => emulator.close());

test('the emulator answers while timers are fake, and afterwards', async () => {
  const workspace = emulator.workspace('key_fake');
  jest.useFakeTimers();
  await workspace.settings.change({ concurrency: 2 });
  expect(await workspace.settle()).toMatchObject({ runsEnded: 0 });
  const other = await startEmulator();
  await other.close();
  jest.useRealTimers();
  expect(await workspace.settings.get()).toMatchObject({ concurrency: 2 });
});

test('errors are those of the library', async () => {
  const workspace = emulator.workspace('key_errors');
  await expect(workspace.restore('none')).rejects.toThrow('There is no snapshot "none".');
});
